from importlib.resources import files

import aiohttp
import pytest

from tests.adapters.web.conftest import fetch
from tests.adapters.web.fake_core import FakeCore, thread


async def test_the_page_and_all_its_files_come_from_here(client: aiohttp.ClientSession) -> None:
    page = await fetch(client, "/")
    assert page.content_type == "text/html"
    assert 'src="/static/app.js"' in await page.text()
    for entry in (files("adapters.web") / "static").iterdir():
        answer = await fetch(client, f"/static/{entry.name}")
        assert answer.status == 200
        assert await answer.text() == entry.read_text("utf-8")


def test_no_file_of_the_page_holds_script_or_style_inline_or_an_address_outside() -> None:
    page = (files("adapters.web") / "static" / "index.html").read_text("utf-8")
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in page.replace(" one", "").replace(" only", "")
    assert "http" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


async def test_what_has_not_changed_is_not_sent_again(client: aiohttp.ClientSession) -> None:
    first = await fetch(client, "/static/app.js")
    again = await fetch(client, "/static/app.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize(
    "name", ["..%2fwire.py", "%2e%2e%2fadapter.py", "nothing.js", "", "app.js%00"]
)
async def test_only_the_page_s_own_files_are_served(
    client: aiohttp.ClientSession, name: str
) -> None:
    assert (await fetch(client, f"/static/{name}")).status in (400, 404)


async def test_a_file_is_a_download_that_cannot_run_in_the_page(
    core: FakeCore, client: aiohttp.ClientSession
) -> None:
    core.channels["general"].files['out/a\r\n"é.html'] = b"<script>alert(1)</script>"
    query = {"channel": "general", "path": 'out/a\r\n"é.html'}
    answer = await fetch(client, "/file", params=query)
    assert await answer.text() == "<script>alert(1)</script>"
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''a%0D%0A%22%C3%A9.html"
    )
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        {"channel": "general", "path": "../../etc/passwd"},
        {"channel": "../x", "path": "a"},
        {"channel": "general"},
        {"channel": "general", "path": "a", "at": "x"},
        {"channel": "general", "path": "a", "at": "9" * 30},
    ],
)
async def test_a_wrong_wish_for_a_file_says_what_is_wrong(
    client: aiohttp.ClientSession, query: dict[str, str]
) -> None:
    answer = await fetch(client, "/file", params=query)
    assert answer.status == 400
    assert len(await answer.text()) > 10


async def test_a_long_post_can_be_had_whole(core: FakeCore, client: aiohttp.ClientSession) -> None:
    await core.post("x" * 300_000)
    seq = core.of(thread()).lines[-1].seq
    answer = await fetch(client, "/text", params={"channel": "general", "seq": str(seq)})
    assert await answer.text() == "x" * 300_000
    missing = await fetch(client, "/text", params={"channel": "general", "seq": str(seq + 1)})
    assert missing.status == 404
