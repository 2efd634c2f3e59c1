import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from adapters.web import WebAdapter
from core.errors import ThawError
from tests.adapters.web.conftest import Connect, fetch
from tests.adapters.web.fake_core import FakeCore, card


async def test_a_taken_port_is_named_with_what_to_do(adapter: WebAdapter, core: FakeCore) -> None:
    port = int(adapter.url.rstrip("/").rpartition(":")[2])
    second = WebAdapter(core, core, "127.0.0.1", port, "Thaw")
    with pytest.raises(ThawError, match=rf"port {port} on 127.0.0.1 is taken.*set \[web\] port"):
        await second.start()
    await second.stop()


async def test_the_page_is_up_at_once(core: FakeCore) -> None:
    began = time.perf_counter()
    adapter = WebAdapter(core, core, "localhost", 0, "Thaw")
    await adapter.start()
    assert time.perf_counter() - began < 5
    async with aiohttp.ClientSession() as session:
        assert (await fetch(session, adapter.url)).status == 200
    await adapter.stop()


async def test_stopping_says_goodbye_to_every_page_and_takes_no_time(
    adapter: WebAdapter, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.adapter._CLOSING_S", 120.0)
    sockets = [await connect() for _ in range(5)]
    began = time.perf_counter()
    stopping = asyncio.create_task(adapter.stop())
    for socket in sockets:
        assert (await socket.receive(timeout=60)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == aiohttp.WSCloseCode.GOING_AWAY
    await stopping
    assert time.perf_counter() - began < 60


async def test_it_can_be_started_again_on_the_same_port(adapter: WebAdapter) -> None:
    url = adapter.url
    await adapter.stop()
    await adapter.start()
    assert adapter.url == url


async def test_delivering_without_a_page_is_fine(adapter: WebAdapter, core: FakeCore) -> None:
    await core.post("nobody sees this now")
    await adapter.deliver(card())


async def test_further_routes_are_served_beside_the_page(
    adapter: WebAdapter, core: FakeCore
) -> None:
    async def things(_: web.Request) -> web.Response:
        return web.Response(text="thaw_things 3")

    more = WebAdapter(core, core, "127.0.0.1", 0, "Thaw", (web.get("/metrics", things),))
    await more.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{more.url}metrics") as answer:
            assert (answer.status, await answer.text()) == (200, "thaw_things 3")
        assert (await fetch(session, f"{adapter.url}metrics")).status == 404
    await more.stop()
