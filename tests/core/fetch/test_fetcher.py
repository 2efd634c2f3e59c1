import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from core.errors import BadRequest
from core.fetch.allowed import Allowed, Host
from core.fetch.fetcher import MOST_REDIRECTS, Fetcher
from core.fetch.reading import LONGEST_TEXT
from tests.core.fetch.site import CHANNEL, NAME, Site, everybody, nobody, ok, redirect, site

ARTICLE = "<p>" + "The build failed because the disk was full. " * 20 + "</p>"


@pytest.fixture
async def web() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


def plain(body: bytes, *headers: str) -> bytes:
    return ok(body, *headers, kind="text/plain")


async def refused(web: Site, path: str, fetcher: Fetcher | None = None) -> str:
    with pytest.raises(BadRequest) as caught:
        await (fetcher or web.fetcher()).fetch(CHANNEL, web.url(path), nobody)
    return str(caught.value)


async def test_html_is_read_for_what_it_says(web: Site) -> None:
    menu = "<nav><a href='/x'>Menu of everything</a></nav><script>alert(1)</script>"
    html = f"<html><head><title>CI  news</title></head><body>{menu}<article><h1>Disk</h1>{ARTICLE}"
    web.says["/a"] = ok(html.encode())
    page = await web.fetcher().fetch(CHANNEL, web.url("/a"), nobody)
    assert page.title == "CI news"
    assert page.text.count("The build failed because the disk was full.") == 20
    assert "alert" not in page.text


async def test_other_text_comes_as_it_is_and_long_text_is_cut(web: Site) -> None:
    web.says["/t"] = plain(b"a <b> & c\n")
    web.says["/j"] = ok(b'{"a": 1}', kind="application/vnd.api+json; charset=utf-8")
    web.says["/l"] = plain(b"x" * (LONGEST_TEXT + 5))
    fetcher = web.fetcher()
    assert (await fetcher.fetch(CHANNEL, web.url("/t"), nobody)).text == "a <b> & c\n"
    assert (await fetcher.fetch(CHANNEL, web.url("/j"), nobody)).text == '{"a": 1}'
    page = await fetcher.fetch(CHANNEL, web.url("/l"), nobody)
    assert (len(page.text), page.more) == (LONGEST_TEXT, 5)


async def test_broken_encodings_are_read_as_far_as_they_can_be(web: Site) -> None:
    body = "<title>Größe</title><p>Über die Größe</p>".encode("latin-1")
    web.says["/latin"] = ok(body, kind="text/html; charset=iso-8859-1")
    web.says["/lies"] = ok(body + b"\xff\xfe\x80", kind="text/html; charset=utf-8")
    web.says["/strange"] = ok(b"<p>plain words</p>", kind="text/html; charset=zlib")
    web.says["/puny"] = plain("größe".encode(), "Content-Language: x")
    fetcher = web.fetcher()
    assert "Über die Größe" in (await fetcher.fetch(CHANNEL, web.url("/latin"), nobody)).text
    assert "ber die Gr" in (await fetcher.fetch(CHANNEL, web.url("/lies"), nobody)).text
    assert "plain words" in (await fetcher.fetch(CHANNEL, web.url("/strange"), nobody)).text
    assert (await fetcher.fetch(CHANNEL, web.url("/puny"), nobody)).text == "größe"


async def test_nothing_of_us_goes_along(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    web.says["/a"] = redirect("/b")
    web.says["/b"] = plain(b"here", "Set-Cookie: a=b")
    fetcher = web.fetcher()
    for _ in range(2):
        assert (await fetcher.fetch(CHANNEL, web.url("/a"), nobody)).url == web.url("/b")
    for request in web.asked:
        assert "cookie" not in request.lower()
        assert "referer" not in request.lower()
        assert "authorization" not in request.lower()
        assert "User-Agent: Thaw\r\n" in request


async def test_a_name_is_resolved_once_and_that_address_is_connected_to(web: Site) -> None:
    web.says["/a"] = plain(b"here")
    # A second question would get an address at which nobody listens.
    web.addresses[NAME] = [("127.0.0.1",), ("127.0.0.9",)]
    await web.fetcher().fetch(CHANNEL, web.url("/a"), nobody)
    assert web.looked_up == [NAME]


async def test_a_name_that_leads_to_a_private_address_is_not_connected_to(web: Site) -> None:
    web.says["/a"] = plain(b"secret")
    assert "not a public address" in await refused(web, "/a", web.fetcher(private=()))
    web.addresses[NAME] = [("169.254.169.254",)]
    assert "169.254.169.254" in await refused(web, "/a")
    web.addresses[NAME] = [("::ffff:127.0.0.1",)]
    assert "not a public address" in await refused(web, "/a")
    assert web.asked == []


async def test_of_several_addresses_only_those_that_may_be_are_connected_to(web: Site) -> None:
    web.says["/a"] = plain(b"here")
    web.addresses[NAME] = [("127.0.0.2", "127.0.0.1")]
    assert (await web.fetcher().fetch(CHANNEL, web.url("/a"), nobody)).text == "here"


async def test_a_name_is_checked_again_at_each_redirect(web: Site) -> None:
    web.says["/a"] = redirect("/b")
    web.says["/b"] = plain(b"secret")
    web.addresses[NAME] = [("127.0.0.1",), ("127.0.0.2",)]
    assert "127.0.0.2, which is not a public address" in await refused(web, "/a")
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/",
        "http://localhost/", "//10.0.0.1/", "file:///etc/passwd", "https://evil.test/",
        "http://user:pass@pages.test/", "http://pages.test:22/", "http://[", "gopher://x/",
    ],
)  # fmt: skip
async def test_a_redirect_leads_nowhere_that_is_not_allowed(web: Site, location: str) -> None:
    web.says["/a"] = redirect(location)
    assert "which is refused" in await refused(web, "/a")
    assert len(web.asked) == 1


async def test_redirects_have_an_end(web: Site) -> None:
    web.says["/a"] = redirect("/a")
    assert "redirects more than" in await refused(web, "/a")
    assert len(web.asked) == MOST_REDIRECTS + 1


async def test_an_address_that_is_named_is_fetched_and_its_neighbour_is_not(web: Site) -> None:
    web.says["/a"] = plain(b"here")
    hosts = (Host(name="127.0.0.1", port=web.port), Host(name="127.0.0.2", port=web.port))
    fetcher = web.fetcher(hosts=hosts)
    assert (await fetcher.fetch(CHANNEL, web.url("/a", "127.0.0.1"), nobody)).text == "here"
    with pytest.raises(BadRequest, match="not a public address"):
        await fetcher.fetch(CHANNEL, web.url("/a", "127.0.0.2"), nobody)
    assert web.looked_up == []


async def test_a_server_that_drips_or_says_nothing_is_left(web: Site) -> None:
    gone = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:
            gone.set()

    async def silent(writer: asyncio.StreamWriter) -> None:
        await gone.wait()

    web.says |= {"/drip": drip, "/silent": silent}
    fetcher = web.fetcher(timeout_s=0.3)
    assert await refused(web, "/drip", fetcher) == "it took longer than 0.3 s"
    async with asyncio.timeout(60):
        await gone.wait()
    gone.clear()
    assert await refused(web, "/silent", fetcher) == "it took longer than 0.3 s"
    gone.set()


async def test_what_is_too_large_is_not_taken(web: Site) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    web.says["/said"] = plain(b"x" * 2_000_000)
    web.says["/endless"] = endless
    fetcher = web.fetcher(most_bytes=1_000_000)
    assert await refused(web, "/said", fetcher) == "it is larger than 1 MB"
    assert await refused(web, "/endless", fetcher) == "it is larger than 1 MB"
    # What is on its way in buffers of the system counts for some.
    assert sent < 20_000_000


async def test_a_bomb_does_not_go_off(web: Site) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    web.says["/gzip"] = ok(bomb, "Content-Encoding: gzip")
    web.says["/twice"] = plain(
        zlib.compress(gzip.compress(b"x")), "Content-Encoding: deflate, gzip"
    )
    assert await refused(web, "/gzip") == "it is larger than 5 MB"
    assert "packed as deflate, gzip" in await refused(web, "/twice")


async def test_packed_text_is_unpacked_whole(web: Site) -> None:
    text = b"".join(b"line %d\n" % number for number in range(200_000))
    web.says["/gzip"] = plain(gzip.compress(text), "Content-Encoding: gzip")
    web.says["/deflate"] = plain(zlib.compress(text[:9]), "Content-Encoding: deflate")
    web.says["/cut"] = plain(gzip.compress(text)[:-9], "Content-Encoding: gzip")
    web.says["/wrong"] = plain(text, "Content-Encoding: gzip")
    page = await web.fetcher().fetch(CHANNEL, web.url("/gzip"), nobody)
    assert len(page.text) + page.more == len(text)
    page = await web.fetcher().fetch(CHANNEL, web.url("/deflate"), nobody)
    assert page.text == "line 0\nli"
    assert "its end is missing" in await refused(web, "/cut")
    assert "cannot be unpacked" in await refused(web, "/wrong")


async def test_headers_have_a_bound(web: Site) -> None:
    web.says["/long"] = plain(b"x", "X: " + "y" * 10_000_000)
    web.says["/many"] = plain(b"x", *(f"X-{number}: y" for number in range(100_000)))
    assert "it cannot be fetched" in await refused(web, "/long")
    assert "it cannot be fetched" in await refused(web, "/many")


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "application/pdf"])
async def test_only_text_is_taken(web: Site, kind: str) -> None:
    web.says["/a"] = ok(b"x", kind=kind)
    assert await refused(web, "/a") == f"it is {kind}, and only text can be fetched"


async def test_what_calls_itself_text_and_is_none_is_told(web: Site) -> None:
    web.says["/zero"] = plain(b"\0\1\2")
    web.says["/none"] = ok(b"", kind="text/html")
    assert "no text" in await refused(web, "/zero")
    assert "no text" in await refused(web, "/none")
    assert await refused(web, "/lost") == "the server answered with HTTP 404"


async def test_a_query_is_sent_only_if_the_person_wrote_it(web: Site) -> None:
    web.says["/a?q=1"] = plain(b"found")
    url = web.url("/a?q=1")
    with pytest.raises(BadRequest, match="only as the person who asked wrote it"):
        await web.fetcher().fetch(CHANNEL, url, nobody)
    assert web.asked == []
    assert (await web.fetcher().fetch(CHANNEL, url, everybody)).text == "found"
    assert (await web.fetcher(any_query=True).fetch(CHANNEL, url, nobody)).text == "found"


async def test_each_hop_has_its_own_allowance(web: Site) -> None:
    web.says["/a"] = redirect(web.url("/b", "inner.test"))
    web.says["/b"] = plain(b"inner")
    inner = web.allowance(
        hosts=(Host(name="inner.test", port=web.port),), private=(ip_network("127.0.0.3"),)
    )
    fetcher = Fetcher(Allowed([web.allowance(), inner]), ask=web.look_up)
    assert "which is not a public address" in await refused(web, "/a", fetcher)
