import asyncio
import json
from contextlib import suppress

import aiohttp
import pytest

from adapters.web import WebAdapter
from core.errors import BadRequest, DiskFull, NotAllowed
from core.messages import Message, PostKind, Press
from tests.adapters.web.conftest import Connect
from tests.adapters.web.fake_core import ANNA, FakeCore, card, thread

SAID = {
    "type": "message",
    "id": "abcdef0123",
    "channel": "general",
    "thread": "",
    "name": "Anna",
    "text": "hello",
}


async def answer(socket: aiohttp.ClientWebSocketResponse, *types: str) -> dict[str, object]:
    """The next frame of one of these types."""
    while True:
        frame: dict[str, object] = await socket.receive_json(timeout=60)
        if frame["type"] in types:
            return frame


async def test_a_message_is_kept_before_the_page_is_told_so(
    core: FakeCore, connect: Connect
) -> None:
    socket = await connect()
    core.hold = asyncio.Event()
    await socket.send_json(SAID)
    with pytest.raises(asyncio.TimeoutError):
        await answer_within(socket, 0.1)
    core.hold.set()
    assert await answer(socket, "kept", "refused") == {"type": "kept", "id": "abcdef0123"}
    kept = core.accepted["abcdef0123"]
    assert isinstance(kept, Message)
    assert (kept.text, kept.author, kept.thread) == ("hello", ANNA, thread())


async def answer_within(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> object:
    async with asyncio.timeout(seconds):
        return await socket.receive()


async def test_a_message_sent_again_is_answered_again_and_kept_once(
    core: FakeCore, connect: Connect
) -> None:
    for _ in range(3):
        socket = await connect()
        await socket.send_json(SAID)
        assert (await answer(socket, "kept", "refused"))["type"] == "kept"
    assert len(core.accepted) == 1
    assert len(core.of(thread()).lines) == 1


async def test_a_press_reaches_the_core_with_its_text(core: FakeCore, connect: Connect) -> None:
    socket = await connect()
    pressed = {**SAID, "type": "press", "action": "steer.3", "text": "shorter"}
    await socket.send_json(pressed)
    assert (await answer(socket, "kept", "refused"))["type"] == "kept"
    event = await core.pressed()
    assert isinstance(event, Press)
    assert (event.action, event.text, event.person) == ("steer.3", "shorter", ANNA)


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("at most 100 kB"),
        NotAllowed("only Ben may"),
        DiskFull("no room on the disk"),
    ],
)
async def test_what_the_core_does_not_take_is_refused_in_its_words(
    core: FakeCore, connect: Connect, error: Exception
) -> None:
    socket = await connect()
    core.refusals.append(error)
    await socket.send_json(SAID)
    refused = await answer(socket, "kept", "refused")
    assert refused == {"type": "refused", "id": "abcdef0123", "text": str(error)}
    await socket.send_json(SAID)
    assert (await answer(socket, "kept", "refused"))["type"] == "kept"


async def test_a_bug_in_the_core_ends_neither_the_page_nor_in_sending_for_ever(
    core: FakeCore, connect: Connect
) -> None:
    socket = await connect()
    core.refusals.append(ZeroDivisionError())
    await socket.send_json(SAID)
    refused = await answer(socket, "kept", "refused")
    assert refused["type"] == "refused"
    assert "log" in str(refused["text"])
    await socket.send_json(SAID)
    assert (await answer(socket, "kept", "refused"))["type"] == "kept"


@pytest.mark.parametrize("garbage", ["", "{", "[]", "\u0000", '{"type": "hello"}', "[" * 100_000])
async def test_garbage_is_answered_and_the_next_frame_works(connect: Connect, garbage: str) -> None:
    socket = await connect()
    await socket.send_str(garbage)
    assert (await answer(socket, "unanswered"))["text"]
    await socket.send_json(SAID)
    assert (await answer(socket, "kept", "refused"))["type"] == "kept"


@pytest.mark.parametrize("size", [1_100_000, 5_000_000])
async def test_a_message_of_megabytes_is_refused_with_the_limit(
    core: FakeCore, connect: Connect, size: int
) -> None:
    socket = await connect()
    await socket.send_json(SAID | {"text": "x" * size})
    refused = await answer(socket, "kept", "refused")
    assert refused["id"] == SAID["id"]
    assert f"This is {size // 1000} kB; at most 1000 kB" in str(refused["text"])
    assert not core.accepted


async def test_a_frame_without_end_ends_its_socket_only(core: FakeCore, connect: Connect) -> None:
    loud, calm = await connect(), await connect()
    with suppress(ConnectionError):
        await loud.send_json(SAID | {"text": "x" * 17_000_000})
    ended = await loud.receive(timeout=60)
    assert ended.type in (
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
    )
    await calm.send_json(SAID)
    assert (await answer(calm, "kept", "refused"))["type"] == "kept"
    assert len(core.accepted) == 1


async def test_bytes_are_not_taken(connect: Connect) -> None:
    socket = await connect()
    await socket.send_bytes(b"\x00\x01")
    assert (await socket.receive(timeout=60)).type is aiohttp.WSMsgType.CLOSE
    assert socket.close_code == aiohttp.WSCloseCode.UNSUPPORTED_DATA


async def test_a_message_over_the_core_s_limit_names_the_limit(connect: Connect) -> None:
    socket = await connect()
    await socket.send_json(SAID | {"text": "x" * 500_000})
    refused = await answer(socket, "kept", "refused")
    assert refused["text"] == "This message has 500000 characters; at most 100000 are taken."


async def test_missed_messages_are_read_from_where_the_page_was(
    core: FakeCore, connect: Connect
) -> None:
    await core.post("one")
    first = core.of(thread()).lines[-1].seq
    await core.post("**two**", kind=PostKind.RESULT)
    socket = await connect()
    look = {"type": "look", "ref": 1, "what": "messages", "channel": "general", "after": first}
    await socket.send_json(look)
    view = (await answer(socket, "view"))["view"]
    assert isinstance(view, dict)
    assert [line["post"]["html"] for line in view["lines"]] == ["<p><strong>two</strong></p>\n"]
    assert view["newest"] == first + 1


@pytest.mark.parametrize(
    "what",
    [
        "channels",
        "threads",
        "messages",
        "jobs",
        "state",
        "history",
        "conflicts",
        "spend",
        "settings",
    ],
)
async def test_every_question_has_an_answer(core: FakeCore, connect: Connect, what: str) -> None:
    await core.post("hi")
    await core.set("a.b", "1")
    core.conflict("a.b")
    await core.show_card(card())
    socket = await connect()
    await socket.send_json({"type": "look", "ref": 3, "what": what, "channel": "general"})
    view = await answer(socket, "view", "unanswered")
    assert (view["type"], view["ref"]) == ("view", 3)


async def test_a_question_the_core_refuses_is_answered_under_its_ref(connect: Connect) -> None:
    socket = await connect()
    look = {"type": "look", "ref": 4, "what": "job", "channel": "general", "number": 99}
    await socket.send_json(look)
    unanswered = await answer(socket, "view", "unanswered")
    assert unanswered == {"type": "unanswered", "ref": 4, "text": "There is no job 99 here."}


async def test_a_slow_question_does_not_hold_up_a_message(
    core: FakeCore, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect()
    held = asyncio.Event()
    look = core.look

    async def slow(query: object) -> object:
        await held.wait()
        return await look(query)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(core, "look", slow)
    for ref in range(8):
        await socket.send_json({"type": "look", "ref": ref, "what": "channels"})
    await socket.send_json(SAID)
    assert (await answer(socket, "kept", "view"))["type"] == "kept"
    held.set()
    answered = {(await answer(socket, "view"))["ref"] for _ in range(8)}
    assert answered == set(range(8))


async def test_a_page_that_asks_without_end_waits_for_its_answers(connect: Connect) -> None:
    socket = await connect()
    for ref in range(500):
        await socket.send_str(json.dumps({"type": "look", "ref": ref, "what": "channels"}))
    answered = {(await answer(socket, "view"))["ref"] for _ in range(500)}
    assert answered == set(range(500))


async def test_a_message_shows_on_every_other_page_at_once(
    adapter: WebAdapter, connect: Connect
) -> None:
    assert adapter.url
    one, other = await connect(), await connect()
    await one.send_json(SAID)
    said = await answer(other, "said")
    assert isinstance(said["line"], dict)
    assert (said["line"]["text"], said["line"]["author"]) == ("hello", "Anna")
