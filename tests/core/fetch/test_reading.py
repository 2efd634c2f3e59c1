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


async def test_half_letters_do_not_come_out() -> None:
    read = await Reading().read(answer(b"a\xed\xa0\x80b &#xd800; \\ud800", "text/plain"), URL)
    assert read.text == read.text.encode("utf-8", "replace").decode()
    read = await Reading().read(answer(b"<p>&#xd800;&#0;x</p>"), URL)
    assert "\0" not in read.text
