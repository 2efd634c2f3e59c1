"""Servers that do not keep to HTTP, and the request as it is sent: raw bytes on real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from core.errors import ModelError, ModelRefused, ModelUnreachable
from core.model.openai_client import OpenAIModel
from tests.core.model.chats import asking
from tests.core.model.serving import KEY, ignore

WORD = b'data: {"choices": [{"delta": {"content": "ok"}}]}\n\n'
FAULT = b'data: {"error": {"message": "upstream fell over"}}\n\n'
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = STREAM + b"Transfer-Encoding: chunked\r\n\r\n"


class Raw:
    """A server that answers every request with the same bytes and hangs up."""

    def __init__(self, answer: bytes) -> None:
        self.heard: list[bytes] = []
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(size)
        self.heard.append(head)
        with suppress(ConnectionError):
            writer.write(self._answer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def raw(answer: bytes, *, after: str = "/v1") -> AsyncIterator[tuple[Raw, OpenAIModel]]:
    told = Raw(answer)
    async with await asyncio.start_server(told, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(
            base_url=f"http://127.0.0.1:{port}{after}", key=KEY, key_env="MY_KEY", timeout_s=10
        )
        try:
            yield told, model
        finally:
            await model.close()


async def refused_raw(answer: bytes) -> ModelError:
    async with raw(answer) as (_, model):
        with pytest.raises(ModelError) as caught:
            await model.complete(asking("hi"), ignore)
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirection_is_told_and_not_followed(status: int) -> None:
    told = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    async with await asyncio.start_server(told, "127.0.0.1", 0) as server:
        place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {place}/v1\r\nContent-Length: 0\r\n\r\n"
        caught = await refused_raw(head.encode())
    assert isinstance(caught, ModelRefused)
    assert f"sends elsewhere (HTTP {status}, to {place}): check base_url" in str(caught)
    assert told.heard == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"\x00\xff" * 500, id="bytes of no meaning"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno header at all\r\n\r\n", id="a line that is no header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", id="a huge header"),
        pytest.param(CHUNKED + b"%x\r\n" % len(WORD) + WORD[:20], id="half a chunk"),
        pytest.param(CHUNKED + b"zz\r\n" + WORD + b"\r\n0\r\n\r\n", id="a size that is none"),
        pytest.param(CHUNKED + b"-5\r\n" + WORD + b"\r\n0\r\n\r\n", id="a size below nothing"),
        pytest.param(STREAM + b"Content-Length: 99999\r\n\r\n" + WORD, id="less than announced"),
        pytest.param(STREAM + b"Content-Length: nine\r\n\r\n" + WORD, id="a length that is none"),
        pytest.param(
            STREAM + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot a zip",
            id="no gzip",
        ),
        pytest.param(
            STREAM + b"\r\n" + WORD + b"data: {\xff\xfe}\n\n", id="an object that is none"
        ),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_an_answer_that_is_broken_is_worth_another_try_and_may_have_cost(
    answer: bytes,
) -> None:
    error = await refused_raw(answer)
    assert isinstance(error, ModelUnreachable)
    assert not error.free


async def test_words_that_come_with_an_error_are_no_answer() -> None:
    error = await refused_raw(STREAM + b"\r\n" + WORD + FAULT)
    assert isinstance(error, ModelUnreachable)
    assert "upstream fell over" in str(error)


def zipped(status: bytes, body: bytes) -> bytes:
    packed = gzip.compress(body)
    head = b"HTTP/1.1 %s\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(packed)) + packed


async def test_an_answer_that_grows_without_measure_when_it_is_unpacked_is_dropped() -> None:
    error = await refused_raw(zipped(b"200 OK", b" " * 50_000_000))
    assert isinstance(error, ModelRefused)
    assert "longer than 2 MB" in str(error)


async def test_a_refusal_that_grows_without_measure_is_cut_and_still_a_refusal() -> None:
    error = await refused_raw(zipped(b"401 Unauthorized", b"no " * 20_000_000))
    assert isinstance(error, ModelRefused)
    assert "MY_KEY" in str(error)
    assert len(str(error)) < 1000


async def test_a_refusal_in_the_midst_of_which_the_connection_ends_is_unreachable() -> None:
    error = await refused_raw(b'HTTP/1.1 400 Bad\r\nContent-Length: 999\r\n\r\n{"error"')
    assert isinstance(error, ModelUnreachable)


async def test_an_address_keeps_what_stands_behind_its_question_mark() -> None:
    async with raw(b"HTTP/1.1 400 Bad\r\n\r\n", after="/v1/?api-version=3") as (told, model):
        with pytest.raises(ModelRefused):
            await model.complete(asking("hi"))
    assert told.heard[0].startswith(b"POST /v1/chat/completions?api-version=3 HTTP/1.1\r\n")


async def test_a_request_says_who_asks_and_nothing_of_the_machine() -> None:
    async with raw(b"HTTP/1.1 400 Bad\r\n\r\n") as (told, model):
        with pytest.raises(ModelRefused):
            await model.complete(asking("hi"))
    head = told.heard[0].lower()
    for line in (f"authorization: bearer {KEY}", "content-type: application/json", "accept: "):
        assert f"\r\n{line}".encode() in head
    assert b"user-agent: asyncopenai/python" in head
    assert b"stainless" not in head


async def test_the_library_s_own_settings_for_whom_to_charge_are_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    async with raw(b"HTTP/1.1 400 Bad\r\n\r\n") as (told, model):
        with pytest.raises(ModelRefused):
            await model.complete(asking("hi"))
    assert b"openai-organization: org-1" in told.heard[0].lower()


async def test_a_proxy_of_the_surroundings_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Raw(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"choices":[')
    async with await asyncio.start_server(told, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for name in ("http_proxy", "no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        model = OpenAIModel(base_url="http://models.invalid/v1", key=KEY, key_env="MY_KEY")
        with pytest.raises(ModelUnreachable):
            await model.complete(asking("hi"))
        await model.close()
    assert told.heard[0].startswith(b"POST http://models.invalid/v1/chat/completions HTTP/1.1\r\n")


async def test_a_server_that_speaks_no_tls_where_it_should_cost_nothing() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(base_url=f"https://127.0.0.1:{port}/v1", key=KEY, key_env="MY_KEY")
        with pytest.raises(ModelUnreachable, match="Nothing can be reached") as caught:
            await model.complete(asking("hi"))
        await model.close()
    assert caught.value.free
