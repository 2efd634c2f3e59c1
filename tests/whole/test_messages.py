"""What people say, in unusual size, shape and number."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.harness.page import Refused
from tests.harness.play import Play, say
from tests.harness.room import room


async def test_a_message_of_5_mb_is_refused_in_words_and_nothing_else_suffers(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, Play({"hello": [say("hi")]})) as r:
        with pytest.raises(Refused, match="at most 1000 kB"):
            await r.page.ask("x" * 5_000_000)
        assert (await r.page.ask("hello")).text == "hi"
        assert r.page.connects == 1


async def test_a_message_just_over_the_limit_says_the_limit_and_one_at_the_limit_is_answered(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, Play({"hello": [say("hi")]})) as r:
        with pytest.raises(Refused, match="100,000"):
            await r.page.ask("hello" + "x" * 100_000)
        assert (await r.page.ask("hello".ljust(100_000, "x"))).text == "hi"


@pytest.mark.parametrize("text", ["", "   \n\t "])
async def test_an_empty_message_is_refused(tmp_path: Path, text: str) -> None:
    async with room(tmp_path, Play()) as r:
        with pytest.raises(Refused, match="empty"):
            await r.page.ask(text)


async def test_text_that_databases_and_terminals_dislike_comes_through(tmp_path: Path) -> None:
    text = "hello \0 \x1b[31m \u202e <script>alert(1)</script> '; DROP TABLE messages; -- 🧊"
    async with room(tmp_path, Play({"hello": [say(f"hi {text}")]})) as r:
        answer = await r.page.ask(text)
        assert "<script>" not in answer.html
        assert "DROP TABLE messages" in answer.text
        await r.page.sync()
        assert [line.text for line in r.page.lines.values() if line.post is None] == [
            text.replace("\0", "\ufffd")
        ]


async def test_the_same_message_sent_many_times_has_one_answer(tmp_path: Path) -> None:
    play = Play({"hello": [say("hi")]})
    async with room(tmp_path, play) as r:
        frame = json.dumps({
            "type": "message", "id": "same-message-id", "channel": "general", "thread": "",
            "name": "bo", "text": "hello",
        })  # fmt: skip
        async with aiohttp.ClientSession() as session:
            sockets = [
                await session.ws_connect(f"{r.bot.url}socket", origin=r.bot.url.rstrip("/"))
                for _ in range(4)
            ]
            await asyncio.gather(*(socket.send_str(frame) for socket in sockets * 5))
            await r.page.answer("same-message-id")
            await r.page.ask("/jobs")
            for socket in sockets:
                await socket.close()
        assert len([post for post in r.page.posts if post.text == "hi"]) == 1
        assert len(play.requests) == 1


async def test_a_hundred_messages_at_once_are_all_answered_in_their_order(tmp_path: Path) -> None:
    async with room(tmp_path, lambda received: say(f"heard {received.asked}")) as r:
        ids = [r.page.say(f"number {n}") for n in range(100)]
        for n, id_ in enumerate(ids):
            assert (await r.page.answer(id_)).text == f"heard number {n}"
        await r.page.sync()
        answers = [post.text for post in r.page.posts]
        assert answers == [f"heard number {n}" for n in range(100)]


async def test_an_unknown_command_is_explained_without_asking_a_model(tmp_path: Path) -> None:
    play = Play()
    async with room(tmp_path, play) as r:
        assert "/help" in (await r.page.ask("/frobnicate now")).text
        assert play.requests == []


async def test_two_pages_on_one_channel_show_the_same(tmp_path: Path) -> None:
    async with room(tmp_path, lambda received: say(f"heard {received.asked}")) as r:
        other = await r.another_page(name="bo")
        ids = [(r.page if n % 2 else other).say(f"number {n}") for n in range(20)]
        for id_ in ids:
            await r.page.answer(id_)
            await other.answer(id_)
        await asyncio.gather(r.page.sync(), other.sync())
        assert r.page.lines == other.lines
        authors = {line.author for line in other.lines.values() if line.post is None}
        assert authors == {"ana", "bo"}
