"""Servers that fail, refuse and cut, with the real library over real sockets."""

import asyncio
import base64
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from core.errors import ContextTooLong, ModelError, ModelRefused, ModelUnreachable
from core.model.faults import Place
from core.model.openai_client import OpenAIModel
from core.model.transport import Transport
from tests.core.model.chats import asking
from tests.core.model.serving import KEY, answered, ignore, refused, serving
from tests.emulators.model import Reply


@pytest.mark.parametrize("cut_after", [0, 1, 3])
async def test_a_cut_stream_is_unreachable_and_may_have_cost(cut_after: int) -> None:
    error = await refused(Reply(text="a b c d", cut_after=cut_after), stream=True)
    assert isinstance(error, ModelUnreachable)
    assert not error.free
    assert "cut the connection" in str(error)


async def test_a_stream_cut_after_its_last_word_is_an_answer() -> None:
    end = '{"choices": [{"delta": {"content": "all"}, "finish_reason": "stop"}]}'
    reply = await answered(Reply(chunked=[end, "[DONE]"], cut_after=1), stream=True)
    assert (reply.text, reply.usage) == ("all", None)


async def test_a_stream_that_ends_without_saying_so_was_cut() -> None:
    part = '{"choices": [{"delta": {"content": "half"}, "finish_reason": null}]}'
    error = await refused(Reply(chunked=[part]), stream=True)
    assert isinstance(error, ModelUnreachable)
    assert not error.free


async def test_an_error_in_the_middle_of_a_stream_may_have_cost() -> None:
    part = '{"choices": [{"delta": {"content": "half"}}]}'
    fault = '{"error": {"message": "upstream overloaded", "code": 503}}'
    error = await refused(Reply(chunked=[part, fault]), stream=True)
    assert isinstance(error, ModelUnreachable)
    assert "upstream overloaded" in str(error)
    assert not error.free


async def test_a_cut_plain_answer_is_unreachable() -> None:
    error = await refused(Reply(text="a b c d", cut_after=20))
    assert isinstance(error, ModelUnreachable)
    assert not error.free


async def test_a_server_that_hangs_is_unreachable_after_the_time_limit(stream: bool) -> None:
    error = await refused(Reply(hang=True), stream=stream, timeout_s=0.2)
    assert isinstance(error, ModelUnreachable)
    assert "within 0.2 s" in str(error)
    assert not error.free


async def test_a_stream_may_last_longer_than_the_limit_between_its_pieces() -> None:
    told = Reply(text="a b c d e f g h", pieces=8, piece_latency_s=0.25)
    async with serving([told], timeout_s=1.5) as (_, model):
        assert (await model.complete(asking("hi"), ignore)).text == "a b c d e f g h"


async def test_a_stream_that_comes_to_no_end_is_given_up_after_some_times_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "core.model.transport._WHOLE", 0.05
    )  # not to be as long as it is meant to be
    text = " ".join(str(number) for number in range(1000))
    told = Reply(text=text, pieces=1000, piece_latency_s=0.02)
    error = await refused(told, stream=True, timeout_s=10.0)
    assert isinstance(error, ModelUnreachable)
    assert "did not come to the end of its answer within 0.5 s" in str(error)
    assert not error.free


async def test_cancelling_a_call_hangs_up() -> None:
    async with serving([Reply(hang=True)]) as (server, model):
        call = asyncio.create_task(model.complete(asking("hi")))
        await asyncio.wait_for(server.arrived(1), 60)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(server.abandoned.wait(), 60)


async def test_a_refused_connection_cost_nothing_and_names_the_address(
    unused_tcp_port: int,
) -> None:
    base_url = f"http://user:pass@127.0.0.1:{unused_tcp_port}/v1?token=1"
    model = OpenAIModel(base_url=base_url, key=KEY, key_env="MY_KEY", timeout_s=5)
    with pytest.raises(ModelUnreachable) as caught:
        await model.complete(asking("hi"))
    await model.close()
    assert caught.value.free
    assert f"http://127.0.0.1:{unused_tcp_port}/v1" in str(caught.value)
    assert "base_url" in str(caught.value)
    assert "pass" not in str(caught.value)


async def test_a_host_that_does_not_exist_is_unreachable() -> None:
    model = OpenAIModel(
        base_url="http://no-such-host.invalid/v1", key=KEY, key_env="MY_KEY", timeout_s=20
    )
    words = r"the name no-such-host\.invalid cannot be looked up \(.+\); check base_url .* DNS"
    with pytest.raises(ModelUnreachable, match=words) as caught:
        await model.complete(asking("hi"))
    await model.close()
    assert caught.value.free


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "MY_KEY"),
        (403, "MY_KEY"),
        (404, "tiny"),
        (400, "refused the request"),
        (402, "no credit"),
        (422, "refused the request"),
    ],
)
async def test_a_refusal_names_what_to_check_and_never_the_key(status: int, words: str) -> None:
    body = json.dumps({"error": {"message": f"because of {KEY}\nand \x1b[31mmore"}})
    error = await refused(Reply(status=status, body=body))
    assert isinstance(error, ModelRefused)
    assert error.free
    assert words in str(error)
    assert "because of [key] and [31mmore" in str(error)
    assert KEY not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(("status", "free"), [(429, True), (503, True), (500, False), (502, False)])
async def test_a_failing_server_is_worth_another_try(status: int, free: bool) -> None:
    page = Reply(status=status, body="<!DOCTYPE html><html>busy</html>", content_type="text/html")
    error = await refused(page)
    assert isinstance(error, ModelUnreachable)
    assert error.free is free
    assert f"HTTP {status}" in str(error)
    assert "<html>" not in str(error)


async def test_an_account_without_credit_is_not_tried_again() -> None:
    body = json.dumps({"error": {"code": "insufficient_quota", "message": "You exceeded…"}})
    error = await refused(Reply(status=429, body=body))
    assert isinstance(error, ModelRefused)
    assert "no credit" in str(error)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "0.5"}, 0.5, 0.5),
        ({"Retry-After": "9", "Retry-After-Ms": "250"}, 0.25, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, 0),
        ({"Retry-After": "-3"}, 0, 0),
    ],
)
async def test_retry_after_is_understood(headers: dict[str, str], low: float, high: float) -> None:
    error = await refused(Reply(status=429, body="{}", headers=headers))
    assert isinstance(error, ModelUnreachable)
    assert error.retry_after_s is not None
    assert low <= error.retry_after_s <= high


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "1e999"])
async def test_a_senseless_retry_after_is_none(value: str) -> None:
    error = await refused(Reply(status=429, body="{}", headers={"Retry-After": value}))
    assert isinstance(error, ModelUnreachable)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "context_length_exceeded", "message": "too much"}),
        (400, {"message": "This model's maximum context length is 8192 tokens."}),
        (400, {"type": "exceed_context_size_error", "message": "the request exceeds"}),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (400, {"message": "The input token count (9) exceeds the maximum number of tokens"}),
        (422, {"message": "Input validation error: `inputs` tokens + `max_new_tokens` must be"}),
        (413, {"message": "no"}),
        (429, {"message": "Request too large for tiny on tokens per min (TPM)"}),
        (500, {"message": "the request exceeds the available context size"}),
    ],
)
async def test_a_too_long_context_is_told_from_other_refusals(
    status: int, error: dict[str, str]
) -> None:
    caught = await refused(Reply(status=status, body=json.dumps({"error": error})))
    assert isinstance(caught, ContextTooLong)
    assert "too long" in str(caught)


async def test_a_rate_limit_by_tokens_is_no_long_context() -> None:
    body = json.dumps({"error": {"message": "Too many tokens, please wait before trying again."}})
    assert not isinstance(await refused(Reply(status=429, body=body)), ContextTooLong)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("<html><body>Welcome</body></html>", ModelRefused, "a web page"),
        ("not json at all", ModelUnreachable, "no JSON"),
        ('{"choices": [{"mess', ModelUnreachable, "no JSON"),
        ("[" * 100_000, ModelUnreachable, "no JSON"),
        ("", ModelUnreachable, "no JSON"),
        ("[1]", ModelRefused, "no chat completion"),
        ('{"hello": 1}', ModelRefused, "no chat completion"),
        ('{"error": {"message": "quota", "code": 429}}', ModelUnreachable, "quota"),
        ('{"error": "just words"}', ModelUnreachable, "just words"),
    ],
)
async def test_an_answer_that_is_no_completion_has_a_clear_end(
    body: str, kind: type[ModelError], words: str
) -> None:
    error = await refused(Reply(body=body))
    assert isinstance(error, kind)
    assert words in str(error)


async def test_an_endless_answer_is_dropped() -> None:
    error = await refused(Reply(body='"' + "x" * 5_000_000 + '"'))
    assert isinstance(error, ModelRefused)
    assert "longer than 2 MB" in str(error)
    assert not error.free


def wrapped(text: str, padding: int) -> str:
    """One piece of a stream, with as much around the text as servers send."""
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    return json.dumps({"choices": choices, "obfuscation": "x" * padding})


END = '{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'


async def test_what_a_stream_wraps_around_its_words_is_not_counted() -> None:
    told = Reply(chunked=[*[wrapped(" word", 30_000)] * 100, END, "[DONE]"])
    reply = await answered(told, stream=True)
    assert reply.text == " word" * 100


@pytest.mark.parametrize("pieces", [1, 5])
async def test_an_endless_stream_of_words_is_dropped(pieces: int) -> None:
    told = Reply(chunked=[*[wrapped("x" * (3_000_000 // pieces), 0)] * pieces, END, "[DONE]"])
    error = await refused(told, stream=True)
    assert isinstance(error, ModelRefused)
    assert "longer than 2 MB" in str(error)


TOLD = (wrapped("ok", 0), END, "[DONE]")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Lingering:
    """A server that says [DONE] and ends its streams only when `end` is set."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                told = b"".join(b"data: %s\n\n" % piece.encode() for piece in TOLD)
                writer.write(HEAD + b"%x\r\n%s\r\n" % (len(told), told))
                if await self._ends_before(reader):
                    writer.write(b"0\r\n\r\n")
        self.hung_up.set()
        writer.close()

    async def _ends_before(self, reader: asyncio.StreamReader) -> bool:
        ends = asyncio.create_task(self.end.wait())
        closed = asyncio.create_task(reader.read(1))
        await asyncio.wait({ends, closed}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ends, closed):
            task.cancel()
        await asyncio.gather(ends, closed, return_exceptions=True)
        return self.end.is_set()


@asynccontextmanager
async def lingering() -> AsyncIterator[tuple[Lingering, Transport, Place]]:
    told = Lingering()
    server = await asyncio.start_server(told, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    transport = Transport(base_url=url, key=None, timeout_s=600.0)
    async with server:
        yield told, transport, Place(base_url=url, model="tiny", key_env="MY_KEY", secret=None)
        await transport.close()
        await asyncio.wait_for(told.hung_up.wait(), 60)


async def drained() -> None:
    """Return when nothing is read any more beside the calls."""
    drains = [task for task in asyncio.all_tasks() if task.get_name() == "drain"]
    await asyncio.wait_for(asyncio.gather(*drains), 60)


async def test_an_answer_does_not_wait_for_the_end_of_its_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.model.transport.DRAIN_S", 600.0)
    async with lingering() as (told, transport, place), asyncio.timeout(60):
        pieces: list[object] = []
        assert await transport.exchange(b"{}", place, pieces.extend) is True
        assert len(pieces) == 2
        assert not told.hung_up.is_set()


async def test_a_server_that_never_ends_its_stream_is_hung_up_on() -> None:
    async with lingering() as (told, transport, place):
        await transport.exchange(b"{}", place, lambda _: None)
        await asyncio.wait_for(told.hung_up.wait(), 60)


async def test_a_connection_is_used_again_when_its_stream_ends_after_the_answer() -> None:
    async with lingering() as (told, transport, place):
        for _ in range(3):
            told.end.clear()
            await transport.exchange(b"{}", place, lambda _: None)
            told.end.set()
            await drained()
        assert told.connections == 1


@pytest.mark.parametrize("reset", [False, True])
async def test_a_server_that_hangs_up_on_the_request_may_have_cost(reset: bool) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reset:
            # Closing with this set, and unread words, is a reset.
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(
            base_url=f"http://127.0.0.1:{port}/v1", key=KEY, key_env="MY_KEY", timeout_s=5
        )
        with pytest.raises(ModelUnreachable, match="cut the connection") as caught:
            await model.complete(asking("hi"))
        await model.close()
    assert not caught.value.free


async def test_a_name_and_password_in_the_address_are_sent_as_such() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        base_url = f"http://ana:se%20cret@127.0.0.1:{port}/v1"
        model = OpenAIModel(base_url=base_url, key=KEY, key_env="MY_KEY", timeout_s=5)
        with pytest.raises(ModelUnreachable):
            await model.complete(asking("hi"))
        await model.close()
    words = base64.b64encode(b"ana:se cret")
    assert b"POST /v1/chat/completions HTTP/1.1\r\n" in heard[0]
    assert b"authorization: Basic " + words + b"\r\n" in heard[0]
