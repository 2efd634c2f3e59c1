"""The bot is told to stop, with work under way: it ends within seconds and goes on at the start."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness import files
from tests.harness.play import Play, change, finish, say, shell, starting
from tests.harness.room import assert_no_bugs, room

WITHIN_S = 25.0  # less than the thirty that a model may take


@pytest.mark.needs_system("bubblewrap")
async def test_jobs_go_on_after_a_stop_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play(
        {"go": starting("one", "two")},
        {
            "one": [change("n", "add", 1), Reply(calls=[("finish", {"result": "one"})], gate=gate)],
            "two": [shell("sleep 600"), change("n", "add", 2), finish("two")],
        },
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.page.card(2, lambda card: "sleep" in card.step)
        await r.model.arrived(2 + 3)
        before = time.monotonic()
        assert await r.bot.stop() == 0
        assert time.monotonic() - before < WITHIN_S
        await r.bot.nothing_left()
        control = files.control_file(r.bot.data)
        assert files.rows(control, "SELECT * FROM reservations") == []
        gate.set()
        await r.bot.start()
        one, two = await asyncio.gather(r.page.result(1), r.page.result(2))
        assert (one.text, two.text) == ("one", "two")
        assert "3" in (await r.page.ask("/state n")).text
        # The call under way at the stop is made again; the others are not.
        assert len(play.of_job("one")) == 3
        assert len(play.of_job("two")) == 3
        interrupted = play.of_job("two")[1].messages[-1]
        assert "interrupted" in interrupted["content"]


async def test_a_turn_under_way_is_answered_after_the_start(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play({"slow": [change("n", "add", 1), Reply(text="at last", gate=gate)]})
    async with room(tmp_path, play) as r:
        id_ = r.page.say("slow")
        waiting = r.page.say("slow as well")
        await r.model.arrived(2)
        before = time.monotonic()
        assert await r.bot.stop() == 0
        assert time.monotonic() - before < WITHIN_S
        gate.set()
        await r.bot.start()
        assert (await r.page.answer(id_)).text == "at last"
        assert (await r.page.answer(waiting)).text == "at last"
        assert "2" in (await r.page.ask("/state n")).text


async def test_what_is_said_while_the_bot_is_away_is_answered_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, Play({"hello": [say("hi")]})) as r:
        await r.page.ask("hello")
        assert await r.bot.stop() == 0
        ids = [r.page.say(f"hello {n}") for n in range(5)]
        await r.bot.start()
        for id_ in ids:
            assert (await r.page.answer(id_)).text == "hi"
        await r.page.connected()
        assert len(r.page.posts) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_bot_stops_at_once(tmp_path: Path, number: signal.Signals) -> None:
    async with room(tmp_path, Play()) as r:
        before = time.monotonic()
        assert await r.bot.stop(number) == 0
        assert time.monotonic() - before < WITHIN_S
        assert_no_bugs(r.bot)
        await r.bot.start()
        await r.page.connected()
