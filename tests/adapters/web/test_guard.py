import asyncio

import aiohttp
import pytest

from adapters.web import WebAdapter
from adapters.web.guard import HEADERS, hosts, loopback
from core.errors import ThawError
from tests.adapters.web.conftest import fetch


async def raw(adapter: WebAdapter, *lines: str) -> bytes:
    """The first line of the answer to a request as given."""
    host, port = adapter.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    answer = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    await writer.wait_closed()
    return answer


def port_of(adapter: WebAdapter) -> str:
    return adapter.url.rstrip("/").rpartition(":")[2]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com", "", "10.0.0.1"])
def test_an_address_that_others_reach_is_refused_with_the_way_out(host: str) -> None:
    with pytest.raises(ThawError, match=r"use 127\.0\.0\.1, ::1 or localhost"):
        loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
def test_a_loopback_address_is_taken(host: str) -> None:
    assert loopback(host) == host


def test_port_80_may_be_left_out_of_the_host() -> None:
    assert "localhost" in hosts("127.0.0.1", 80)
    assert "localhost" not in hosts("127.0.0.1", 8484)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_the_page_answers_to_its_loopback_names(adapter: WebAdapter, name: str) -> None:
    answer = await raw(adapter, "GET / HTTP/1.1", f"Host: {name}:{port_of(adapter)}")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:{}",
        "",
        "a@localhost:{}",
    ],
)
async def test_a_name_that_was_bent_to_loopback_gets_nothing(
    adapter: WebAdapter, host: str
) -> None:
    answer = await raw(adapter, "GET / HTTP/1.1", f"Host: {host.format(port_of(adapter))}")
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))


async def test_two_hosts_are_none(adapter: WebAdapter) -> None:
    port = port_of(adapter)
    lines = (f"Host: localhost:{port}", f"Host: evil.example:{port}")
    answer = await raw(adapter, "GET / HTTP/1.1", *lines)
    assert answer.split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "https://127.0.0.1:{}",
        "http://localhost:{}",
        "http://127.0.0.1:1",
    ],
)
async def test_no_other_origin_opens_a_socket(
    adapter: WebAdapter, client: aiohttp.ClientSession, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port_of(adapter))}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/socket", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_no_other_site_can_do_anything(client: aiohttp.ClientSession, method: str) -> None:
    answer = await fetch(client, "/", method=method, headers={"Origin": "http://evil.example"})
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/file?channel=general&path=a", "/static/app.js", "/text?seq=1"])
async def test_another_site_cannot_load_what_is_ours(
    client: aiohttp.ClientSession, path: str
) -> None:
    answer = await fetch(client, path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


async def test_a_link_from_another_site_to_the_page_works(client: aiohttp.ClientSession) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await fetch(client, "/", headers=headers)).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/static/app.js", "/nowhere", "/file?channel=../x", "/static/..%2fwire.py"]
)
async def test_every_answer_carries_the_protecting_headers(
    client: aiohttp.ClientSession, path: str
) -> None:
    answer = await fetch(client, path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
