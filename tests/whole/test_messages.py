"""What people say, in unusual size, shape and number. One bot for all, each test in its channel."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.emulators.script import Received, Reply
from tests.harness.page import Page, Refused
from tests.harness.play import say
from tests.harness.room import Room, room

pytestmark = pytest.mark.asyncio(loop_scope="module")


def echo(received: Received) -> Reply:
    """A model that repeats what it hears, up to a length."""
    return say(f"heard {received.asked[:2000]}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def r(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with room(tmp_path_factory.mktemp("room"), echo) as shared:
        yield shared


@pytest_asyncio.fixture(loop_scope="module")
async def page(r: Room, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page on a channel of the test's own."""
    async with Page(r.bot.url, channel=f"channel-{abs(hash(request.node.name))}") as page:
        await page.connected()
        yield page


async def test_a_message_of_5_mb_is_refused_in_words_and_nothing_else_suffers(page: Page) -> None:
    with pytest.raises(Refused, match="at most 1000 kB"):
        await page.ask("x" * 5_000_000)
    assert (await page.ask("hello")).text == "heard hello"
    assert page.connects == 1


async def test_a_message_just_over_the_limit_says_the_limit_and_one_at_the_limit_is_answered(
    page: Page,
) -> None:
    with pytest.raises(Refused, match="100,000"):
        await page.ask("x" * 100_001)
    assert (await page.ask("x" * 100_000)).text == f"heard {'x' * 2000}"


@pytest.mark.parametrize("text", ["", "   \n\t "])
async def test_an_empty_message_is_refused(page: Page, text: str) -> None:
    with pytest.raises(Refused, match="empty"):
        await page.ask(text)


async def test_text_that_databases_and_terminals_dislike_comes_through(page: Page) -> None:
    text = "\0 \x1b[31m \u202e <script>alert(1)</script> '; DROP TABLE messages; -- 🧊"
    answer = await page.ask(text)
    assert "<script>" not in answer.html
    assert "DROP TABLE messages" in answer.text
    await page.sync()
    said = [line.text for line in page.lines.values() if line.post is None]
    assert said == [text.replace("\0", "\ufffd")]


async def test_the_same_message_sent_many_times_has_one_answer(r: Room, page: Page) -> None:
    before = len(r.model.received)
    frame = json.dumps({
        "type": "message", "id": "same-message-id", "channel": page.channel, "thread": "",
        "name": "bo", "text": "hello",
    })  # fmt: skip
    async with aiohttp.ClientSession() as session:
        sockets = [
            await session.ws_connect(f"{r.bot.url}socket", origin=r.bot.url.rstrip("/"))
            for _ in range(4)
        ]
        await asyncio.gather(*(socket.send_str(frame) for socket in sockets * 5))
        await page.answer("same-message-id")
        await page.ask("/jobs")
        for socket in sockets:
            await socket.close()
    assert len([post for post in page.posts if post.text == "heard hello"]) == 1
    assert len(r.model.received) - before == 1


async def test_a_hundred_messages_at_once_are_all_answered_in_their_order(page: Page) -> None:
    ids = [page.say(f"number {n}") for n in range(100)]
    for n, id_ in enumerate(ids):
        assert (await page.answer(id_)).text == f"heard number {n}"
    await page.sync()
    assert [post.text for post in page.posts] == [f"heard number {n}" for n in range(100)]


async def test_an_unknown_command_is_explained_without_asking_a_model(r: Room, page: Page) -> None:
    before = len(r.model.received)
    assert "/help" in (await page.ask("/frobnicate now")).text
    assert len(r.model.received) == before


async def test_two_pages_on_one_channel_show_the_same(r: Room, page: Page) -> None:
    other = await r.another_page(channel=page.channel, name="bo")
    ids = [(page if n % 2 else other).say(f"number {n}") for n in range(20)]
    for id_ in ids:
        await page.answer(id_)
        await other.answer(id_)
    await asyncio.gather(page.sync(), other.sync())
    assert page.lines == other.lines
    authors = {line.author for line in other.lines.values() if line.post is None}
    assert authors == {"ana", "bo"}
