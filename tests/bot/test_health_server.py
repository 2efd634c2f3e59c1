import socket

import aiohttp
import pytest

from bot.care_sections import HealthSettings
from bot.health_server import HealthServer, Routes, routes
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


async def test_a_port_in_use_is_named_with_its_section() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = HealthSettings(port=taken.getsockname()[1])
        with pytest.raises(ThawError, match=r"\[health\] cannot listen"):
            await HealthServer(settings, made()).start()
