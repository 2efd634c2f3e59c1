import asyncio

import pytest

from core.errors import BadRequest
from core.fetch.reading import Read, Reading
from core.fetch.transfer import Answer

URL = "http://pages.test/"


def answer(content: bytes, kind: str = "text/html", charset: str = "") -> Answer:
    return Answer(type=kind, charset=charset, content=content)


async def test_a_page_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(BadRequest, match="takes too long"):
        await Reading(patience_s=0.01).read(answer(b"<p>" * 100_000), URL)


@pytest.mark.parametrize("tag", [b"<div>", b"<table><tr><td>", b"<b><i>", b"<a href='"])
async def test_a_page_that_is_nested_without_end_hurts_nobody(tag: bytes) -> None:
    page = answer(tag * 60_000 + b"words")
    (ended,) = await asyncio.gather(Reading().read(page, URL), return_exceptions=True)
    assert isinstance(ended, Read | BadRequest)


async def test_what_a_reader_cannot_take_is_told() -> None:
    with pytest.raises(BadRequest, match="no text"):
        await Reading().read(answer(b"\0", "text/plain"), URL)


async def test_a_short_page_is_read_whole() -> None:
    html = b"<head><title>T</title></head><script>no()</script><p>one</p><p>two</p>"
    read = await Reading().read(answer(html), URL)
    assert (read.title, read.text.split()) == ("T", ["one", "two"])


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be", "utf-8"])
async def test_a_text_that_says_itself_how_it_is_written_is_believed(kind: str, code: str) -> None:
    content = "\ufeff<p>Grüße</p>".encode(code)
    read = await Reading().read(answer(content, kind, "latin-1"), URL)
    assert read.text in ("<p>Grüße</p>", "Grüße")


@pytest.mark.parametrize(
    ("meta", "code", "charset"),
    [("", "utf-8", "utf-8"), ("", "utf-8", ""), ("", "utf-8", "x-nothing"), ("", "utf-8", "zip"),
     ("<meta charset=latin-1>", "latin-1", ""), ("", "latin-1", "latin-1"),
     ("<meta charset=utf-8>", "utf-8", ""),
     ("<meta charset=latin-1>", "utf-8", "utf-8")],
)  # fmt: skip
async def test_title_and_text_are_read_as_the_server_or_the_page_says(
    meta: str, code: str, charset: str
) -> None:
    html = f"<head>{meta}<title>Größe</title></head><p>Grüße</p>".encode(code)
    read = await Reading().read(answer(html, charset=charset), URL)
    assert (read.title, read.text.strip()) == ("Größe", "Grüße")


async def test_half_letters_do_not_come_out() -> None:
    read = await Reading().read(answer(b"a\xed\xa0\x80b &#xd800; \\ud800", "text/plain"), URL)
    assert read.text == read.text.encode("utf-8", "replace").decode()
    read = await Reading().read(answer(b"<p>&#xd800;&#0;x</p>"), URL)
    assert "\0" not in read.text
