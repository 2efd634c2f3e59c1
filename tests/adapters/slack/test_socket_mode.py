import asyncio
import json
from typing import Any

import pytest

from adapters.slack.adapter import SlackAdapter
from core.messages import Message
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, place, post
from tests.emulators.slack import Fault, Human, SlackServer


def _event(event: str) -> str:
    payload = '{"type": "event_callback", "event": ' + event + "}"
    return '{"type": "events_api", "envelope_id": "e", "payload": ' + payload + "}"


def texts(core: FakeCore) -> list[str]:
    return [event.text for event in core.accepted if isinstance(event, Message)]


async def test_a_broken_connection_is_followed_by_the_next_at_once(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    await slack.socket.cut()
    async with asyncio.timeout(60):
        await connected(slack)
    assert slack.calls["apps.connections.open"] == 2
    await anna.ask("back?")
    assert texts(core) == ["back?"]


async def test_when_slack_asks_to_leave_the_next_connection_stands_first(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    await slack.socket.ask_to_leave()
    await connected(slack)
    assert adapter.status.connected
    await anna.ask("still there?")
    assert texts(core) == ["still there?"]


async def test_in_a_storm_of_broken_connections_nothing_is_lost_or_doubled(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    async def storm() -> None:
        while True:
            await asyncio.sleep(0.05)
            await slack.socket.cut()
            await connected(slack)

    slack.socket.redelivery = (0.1,) * 100
    raging = asyncio.create_task(storm())
    for number in range(15):
        await anna.ask(f"number {number}")
    raging.cancel()
    await asyncio.wait([raging])
    assert texts(core) == [f"number {number}" for number in range(15)]


async def test_what_was_kept_but_not_acknowledged_comes_again_and_is_known(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    core.slow["once"].clear()
    said = anna.write("<@U0BOT> once")
    sending = asyncio.create_task(anna.send(anna.event_of(said)))
    await slack.workspace.until(lambda: "eyes" in said.reactions)
    await slack.socket.cut()
    core.slow["once"].set()
    await connected(slack)
    await sending
    assert texts(core) == ["once"]


async def test_a_connection_that_never_greets_is_given_up(
    running: Running, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.socket_mode._HELLO_S", 0.1)
    slack.socket.hellos = False
    adapter = await running.again()
    await slack.workspace.until(lambda: slack.calls["apps.connections.open"] >= 2)
    assert not adapter.status.connected
    slack.socket.hellos = True
    await connected(slack)


async def test_a_dead_connection_is_noticed(
    running: Running, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.socket_mode._HEARTBEAT_S", 0.2)
    slack.socket.silent = True
    await running.again()
    await connected(slack)
    await slack.workspace.until(lambda: slack.calls["apps.connections.open"] >= 2)


async def test_a_wrong_app_token_is_told_and_not_hammered(
    running: Running, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-wrong")
    adapter = await running.again()
    await slack.workspace.until(lambda: slack.calls["apps.connections.open"] >= 2)
    assert "app token" in adapter.status.problem
    assert slack.calls["apps.connections.open"] < 5
    await adapter.deliver(post(place(), "sending works all the same"))


async def test_slack_down_at_the_start_is_waited_out(
    running: Running, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slack.faults.add("auth.test", Fault(kind="abort"), Fault(kind="html", status=200))
    slack.faults.add("apps.connections.open", Fault(kind="html", status=503))
    adapter = await running.again()
    await connected(slack)
    await anna.ask("up?")
    assert texts(core) == ["up?"]
    assert adapter.status.problem == ""


@pytest.mark.parametrize(
    "frame",
    [
        "not json", "[]", "null", "{}", '{"type": "events_api"}', '{"type": 7}', "",
        '{"type": "events_api", "envelope_id": "e", "payload": {}}',
        '{"type": "interactive", "envelope_id": "e", "payload": {"type": "block_actions"}}',
        '{"type": "slash_commands", "envelope_id": "e", "payload": {"command": 7}}',
        '{"type": "events_api", "envelope_id": 5, "payload": []}',
        _event('{"type": "message", "channel": {}, "text": 3, "ts": []}'),
        _event('{"type": "reaction_added", "item": null}'),
        _event('{"type": "message", "subtype": "message_changed", "message": 5}'),
        _event("null"),
    ],
)  # fmt: skip
async def test_frames_that_make_no_sense_harm_nothing(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human, frame: str
) -> None:
    await slack.socket.send_raw(frame)
    await anna.ask("fine?")
    assert texts(core) == ["fine?"]
    assert slack.socket.opened == 1


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("events_api", {"type": "event_callback", "event": {"type": "message", "channel": 5}}),
        ("events_api", {"type": "event_callback", "authorizations": [None], "event": {}}),
        ("interactive", {"type": "block_actions", "actions": []}),
        ("of_tomorrow", {"type": "event_callback", "event": {"type": "message"}}),
        ("events_api", ["no object"]),
    ],
)
async def test_what_breaks_the_library_is_acknowledged_and_does_not_come_again(
    adapter: SlackAdapter, slack: SlackServer, kind: str, payload: Any
) -> None:
    await slack.socket.once(kind, payload)
    assert len(slack.socket.acked) == 1


async def test_envelopes_out_of_order_are_all_taken(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = [anna.write(f"<@U0BOT> {n}") for n in range(3)]
    for one in reversed(said):
        await anna.send(anna.event_of(one))
    assert sorted(texts(core)) == ["0", "1", "2"]


async def test_a_huge_message_is_passed_on_whole(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    text = "x" * 40_000 + "\u202e\u200d" + "😀" * 1_000 + " ".join(["<@U0BEN>"] * 200)
    await anna.ask(text)
    message = core.accepted[0]
    assert isinstance(message, Message)
    assert message.text.count("😀") == 1_000
    assert message.text.count("@Ben") == 200
    assert json.dumps(message.text)
