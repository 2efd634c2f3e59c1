import asyncio
import logging
import socket

import aiohttp
import pytest

from bot.care_sections import HealthSettings
from bot.health_server import HealthServer, Routes, routes
from bot.logs import _Handler
from core.errors import ThawError


def made(*problems: str) -> Routes:
    async def found() -> tuple[str, ...]:
        return problems

    async def text() -> str:
        return "thaw_things 3\n"

    return routes(found, text)


async def asked(address: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text(), answer.headers["Content-Type"]


async def test_it_says_alive_ready_and_numbers() -> None:
    server = HealthServer(HealthSettings(port=0), made())
    url = await server.start()
    assert url.startswith("http://127.0.0.1:")
    assert (await asked(f"{url}healthz"))[:2] == (200, "alive\n")
    assert (await asked(f"{url}readyz"))[:2] == (200, "ready\n")
    status, text, kind = await asked(f"{url}metrics")
    assert (status, text) == (200, "thaw_things 3\n")
    assert kind.startswith("text/plain; version=0.0.4")
    assert (await asked(url))[0] == 404
    await server.stop()


async def test_what_is_in_the_way_is_listed_with_503_and_the_bot_is_alive_all_the_same() -> None:
    server = HealthServer(HealthSettings(port=0), made("store: full", "model: gone"))
    url = await server.start()
    assert (await asked(f"{url}readyz"))[:2] == (503, "not ready\nstore: full\nmodel: gone\n")
    assert (await asked(f"{url}healthz"))[0] == 200
    await server.stop()


async def test_requests_that_are_none_are_answered_and_not_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def broken() -> str:
        raise ValueError("a bug")

    async def nothing() -> tuple[str, ...]:
        return ()

    library, ours = logging.getLogger("aiohttp.server"), _Handler()
    library.addHandler(ours)
    try:
        server = HealthServer(HealthSettings(port=0), routes(nothing, broken))
        url = await server.start()
        for request in ("quokka\r\n\r\n", f"GET / HTTP/1.1\r\nX: {'quokka' * 2000}\r\n\r\n"):
            assert (await sent(url, request)).startswith(b"HTTP/1.0 400")
        assert (await asked(f"{url}metrics"))[0] == 500
        await server.stop()
    finally:
        library.removeHandler(ours)
    said = capsys.readouterr().err
    assert "quokka" not in said
    assert said.count("ValueError: a bug") == 1


async def sent(url: str, request: str) -> bytes:
    """All that comes back."""
    port = url.rstrip("/").rpartition(":")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_port_in_use_is_named_with_its_section() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = HealthSettings(port=taken.getsockname()[1])
        with pytest.raises(ThawError, match=r"\[health\] cannot listen"):
            await HealthServer(settings, made()).start()
