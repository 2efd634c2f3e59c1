"""The emulator refuses what Slack refuses, as the real client library sees it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Fault, Human, SlackServer
from tests.emulators.slack.server import APP_TOKEN, BOT_TOKEN


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(second=0.001) as slack:
        yield slack


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


def markdown(text: str) -> dict[str, str]:
    return {"type": "markdown", "text": text}


BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "a"}, "action_id": "a"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C9"}, "channel_not_found"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [markdown("x" * 12_001)]}, "msg_blocks_too_long"),
        ({"blocks": [markdown("x" * 6_500)] * 2}, "msg_blocks_too_long"),
        ({"blocks": [markdown("x")] * 51}, "invalid_blocks"),
        ({"blocks": [markdown("")]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [BUTTON, BUTTON]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "table", "rows": [[]]}]}, "invalid_blocks"),
        ({"metadata": {"event_type": "no blanks", "event_payload": {}}}, "invalid_metadata_format"),
        ({"thread_ts": "1.1"}, "thread_not_found"),
    ],
)
async def test_a_bad_post_is_refused(
    client: AsyncWebClient, slack: SlackServer, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(**({"channel": "C0GEN", "text": "x"} | arguments))
    assert caught.value.response["error"] == error
    assert slack.workspace.posts("C0GEN") == []


async def test_only_messages_of_the_bot_that_are_there_can_be_changed(
    client: AsyncWebClient, slack: SlackServer
) -> None:
    theirs = Human(slack).write("mine")
    for ts, error in ((theirs.ts, "cant_update_message"), ("1.1", "message_not_found")):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_update(channel="C0GEN", ts=ts, text="x")
        assert caught.value.response["error"] == error


async def test_who_posts_too_fast_is_told_when_to_come_back_and_written_down() -> None:
    async with SlackServer(second=5.0) as slack:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])
        await client.chat_postMessage(channel="C0GEN", text="1")
        await client.chat_postMessage(channel="C0OPS", text="1")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0GEN", text="2")
        assert caught.value.response.status_code == 429
        assert int(caught.value.response.headers["Retry-After"]) in (4, 5)
        assert len(slack.limits.violations) == 1


async def test_a_lost_answer_has_taken_effect_and_an_aborted_call_has_not(
    client: AsyncWebClient, slack: SlackServer
) -> None:
    slack.faults.add("chat.postMessage", Fault(kind="lost"), Fault(kind="abort"))
    for channel, shown in (("C0GEN", 1), ("C0OPS", 0)):
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=channel, text="x")
        assert len(slack.workspace.posts(channel)) == shown


async def test_a_stream_that_is_over_takes_no_more(
    client: AsyncWebClient, slack: SlackServer
) -> None:
    root = Human(slack).write("question").ts
    with pytest.raises(SlackApiError, match="missing_recipient_user_id"):
        await client.chat_startStream(channel="C0GEN", thread_ts=root)
    stream = await client.chat_stream(
        channel="C0GEN", thread_ts=root, recipient_user_id="U0ANNA", recipient_team_id="T0THAW"
    )
    await stream.append(markdown_text="Hello ")
    await stream.stop(markdown_text="there.")
    [shown] = slack.workspace.posts("C0GEN")
    assert shown.shown == "Hello there."
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_appendStream(channel="C0GEN", ts=shown.ts, markdown_text="more")


async def test_an_address_of_socket_mode_is_good_for_one_connection(
    client: AsyncWebClient, slack: SlackServer
) -> None:
    url = str((await client.apps_connections_open(app_token=APP_TOKEN))["url"])
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_an_event_comes_again_until_it_is_acknowledged(
    client: AsyncWebClient, slack: SlackServer
) -> None:
    slack.socket.ack_s = 0.05
    url = str((await client.apps_connections_open(app_token=APP_TOKEN))["url"])
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.receive_json()
        saying = asyncio.create_task(Human(slack).say("hello"))
        first, second = await socket.receive_json(), await socket.receive_json()
        assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
        await socket.send_json({"envelope_id": second["envelope_id"]})
        await saying
