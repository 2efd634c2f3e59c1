"""What tests of the page share: a core with a memory, the server on a free port, raw sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from adapters.web import WebAdapter
from tests.adapters.web.fake_core import FakeCore

Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]


async def fetch(
    client: aiohttp.ClientSession,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
) -> aiohttp.ClientResponse:
    """The answer, read whole."""
    async with client.request(method, path, headers=headers, params=params) as answer:
        await answer.read()
        return answer


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
async def adapter(core: FakeCore) -> AsyncIterator[WebAdapter]:
    adapter = WebAdapter(core, core, "127.0.0.1", 0, "Thaw")
    core.adapter = adapter
    await adapter.start()
    yield adapter
    await adapter.stop()


@pytest.fixture
async def client(adapter: WebAdapter) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(adapter.url) as session:
        yield session


@pytest.fixture
async def connect(adapter: WebAdapter, client: aiohttp.ClientSession) -> AsyncIterator[Connect]:
    sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def connect() -> aiohttp.ClientWebSocketResponse:
        origin = adapter.url.rstrip("/")
        socket = await client.ws_connect("/socket", headers={"Origin": origin}, max_msg_size=0)
        sockets.append(socket)
        assert (await socket.receive_json(timeout=60))["type"] == "welcome"
        return socket

    yield connect
    for socket in sockets:
        await socket.close()
