"""Files on their way from the page to the core."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.web import WebAdapter
from core.messages.limits import LARGEST_FILE
from tests.adapters.web.conftest import Connect
from tests.adapters.web.fake_core import FakeCore


async def upload(
    client: aiohttp.ClientSession, adapter: WebAdapter, name: str, data: object, **headers: str
) -> tuple[int, str]:
    headers = {"Origin": adapter.url.rstrip("/"), **headers}
    query = {"name": name}
    async with client.post("/upload", params=query, data=data, headers=headers) as answer:
        return answer.status, await answer.text()


async def drip(pieces: int) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield bytes(1_000_000)


async def test_what_was_uploaded_comes_with_the_message_that_names_it(
    core: FakeCore, adapter: WebAdapter, client: aiohttp.ClientSession, connect: Connect
) -> None:
    status, answer = await upload(client, adapter, "a.log", b"one\n")
    assert (status, answer) == (200, '{"handle": "0", "size": 4}')
    socket = await connect()
    said = {
        "type": "message", "id": "m" * 8, "channel": "general", "thread": "", "name": "Ann",
        "text": "", "files": [{"name": "a.log", "handle": "0"}],
    }  # fmt: skip
    await socket.send_json(said)
    message = await core.message()
    assert message.text == ""
    assert core.files(message) == [("a.log", b"one\n")]
    frames = [await socket.receive_json(timeout=60) for _ in range(2)]
    assert [frame["type"] for frame in frames] == ["said", "kept"]
    assert frames[0]["line"]["files"] == [{"name": "a.log", "path": "", "size": 0, "problem": ""}]


@pytest.mark.parametrize(
    "files",
    [
        1,
        "a",
        [1],
        [{"name": "a"}],
        [{"name": "a", "handle": 3}],
        [{"name": "a", "handle": ""}] * 101,
    ],
)
async def test_files_that_are_none_are_refused_with_how_they_look(
    core: FakeCore, connect: Connect, files: object
) -> None:
    socket = await connect()
    said = {
        "type": "message", "id": "m" * 8, "channel": "general", "thread": "", "name": "Ann",
        "text": "x", "files": files,
    }  # fmt: skip
    await socket.send_json(said)
    frame = await socket.receive_json(timeout=60)
    assert (frame["type"], frame["id"]) == ("refused", "m" * 8)
    assert core.accepted == {}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_no_other_site_can_upload(
    core: FakeCore, adapter: WebAdapter, client: aiohttp.ClientSession, origin: str
) -> None:
    status, _ = await upload(client, adapter, "a.log", b"one", Origin=origin)
    assert status == 403
    assert core.asked == []


async def test_a_file_that_says_it_is_too_large_is_not_read_and_one_that_lies_not_to_its_end(
    core: FakeCore, adapter: WebAdapter, client: aiohttp.ClientSession
) -> None:
    status, answer = await upload(client, adapter, "big", bytes(LARGEST_FILE + 1))
    assert (status, answer[:9]) == (413, "it has 20")
    assert core.asked == []
    status, answer = await upload(client, adapter, "big", drip(24))
    assert (status, answer) == (413, "it has more than 20 MB; 20 MB are the most for one file\n")
    assert core.contents == {}


async def test_an_upload_that_is_cut_off_leaves_nothing_and_is_no_bug(
    core: FakeCore, adapter: WebAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(adapter.url.rstrip("/").rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /upload?name=a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Origin: http://127.0.0.1:{port}\r\nContent-Length: 100\r\n\r\n"
    )
    writer.write(head.encode() + b"half")
    await writer.drain()
    await asyncio.wait_for(core.reading.wait(), 60)
    writer.close()
    await writer.wait_closed()
    async with aiohttp.ClientSession(adapter.url) as client:
        assert (await upload(client, adapter, "b", b"whole"))[0] == 200
    assert list(core.contents.values()) == [b"whole"]
    assert [record.getMessage() for record in caplog.records if record.name != "asyncio"] == []
