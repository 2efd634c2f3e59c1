import asyncio
import json
import time
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from core.errors import StoreError
from core.messages import Message
from tests.adapters.slack.conftest import Running
from tests.adapters.slack.fake_core import FakeCore, card, place
from tests.emulators.slack import Human, SlackServer
from tests.emulators.slack.http_events import HttpEvents, signed

SECRET = "the-secret"


@pytest.fixture
async def url(running: Running, slack: SlackServer, settings: SlackSettings) -> str:
    adapter = await running.again(replace(settings, mode="http"))
    return await listening(adapter, slack)


async def listening(adapter: SlackAdapter, slack: SlackServer) -> str:
    assert adapter.http is not None
    await adapter.http.listening.wait()
    slack.events = HttpEvents(adapter.http.url, SECRET, redelivery=(0.05, 0.1, 1.0, 5.0), ack_s=2.0)
    return adapter.http.url


async def test_messages_presses_and_commands_come_over_http(
    url: str, running: Running, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = await anna.ask("hello")
    assert (await core.message()).text == "hello"
    await running.started[0].deliver(card(place(said.ts)))
    await anna.press(slack.workspace.posts("C0GEN")[0], "Stop")
    assert (await core.pressed()).action == "stop.1"
    await anna.command("jobs")
    assert (await core.message()).text == "/thaw jobs"


async def test_what_could_not_be_kept_is_not_acknowledged(
    url: str, core: FakeCore, anna: Human
) -> None:
    core.refusals = [StoreError("full")]
    said = anna.write("<@U0BOT> keep")
    await anna.send(anna.event_of(said))
    assert [event.id for event in core.accepted] == [said.ts]


async def posted(url: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    kind = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=kind | headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_forged_old_and_unsigned_requests_are_turned_away(
    url: str, core: FakeCore, anna: Human
) -> None:
    body = json.dumps(anna.envelope(anna.event_of(anna.write("<@U0BOT> forged"))))
    forged = [
        {},
        signed("another-secret", body),
        signed(SECRET, body + " "),
        signed(SECRET, body, time.time() - 601),
        signed(SECRET, body, time.time() + 601),
        signed(SECRET, body) | {"X-Slack-Request-Timestamp": "soon"},
        signed(SECRET, body) | {"X-Slack-Signature": "v0=\xe4"},
    ]
    for headers in forged:
        assert (await posted(url, body, headers))[0] == 401
    for junk in ("{", "[1]", "null", "payload=%7B"):
        # Nothing of it is read, so nothing of it can break anything.
        assert (await posted(url, junk, signed("another-secret", junk)))[0] == 401
    assert core.accepted == []


async def test_a_replayed_request_has_no_second_effect(
    url: str, core: FakeCore, anna: Human
) -> None:
    body = json.dumps(anna.envelope(anna.event_of(anna.write("<@U0BOT> once"))))
    headers = signed(SECRET, body)
    assert [(await posted(url, body, headers))[0] for _ in range(3)] == [200] * 3
    assert len(core.accepted) == 1


async def test_slacks_question_for_the_address_is_answered(url: str) -> None:
    body = '{"type": "url_verification", "challenge": "abc"}'
    status, text = await posted(url, body, signed(SECRET, body))
    assert (status, "abc" in text) == (200, True)


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "{}", "[1]", "null", "payload=%7B", "\ud800".encode("utf-8", "replace").decode(),
        '{"type": "event_callback", "event": {"type": "message", "channel": 5}}',
    ],
)  # fmt: skip
async def test_bodies_that_make_no_sense_harm_nothing(
    url: str, core: FakeCore, anna: Human, body: str
) -> None:
    status, _ = await posted(url, body, signed(SECRET, body))
    assert 400 <= status < 500
    assert status != 404  # which says that the address is wrong
    form = urlencode({"payload": "{"})
    await posted(
        url, form, signed(SECRET, form) | {"Content-Type": "application/x-www-form-urlencoded"}
    )
    await anna.ask("fine?")
    event = core.accepted[0]
    assert isinstance(event, Message)
    assert event.text == "fine?"


async def test_a_taken_port_is_told_and_harms_nothing_else(
    url: str, running: Running, slack: SlackServer, settings: SlackSettings
) -> None:
    port = int(url.rpartition(":")[2].partition("/")[0])
    second = await running.again(replace(settings, mode="http", port=port))
    assert second.http is not None
    async with asyncio.timeout(60):
        await second.http.tried.wait()
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 401
    assert "[slack] port" in second.status.problem
