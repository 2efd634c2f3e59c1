"""The machine's clock jumps by hours, forth and back, while the bot works and between starts."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.bot import ROOT
from tests.harness.play import Play, change, say, starting
from tests.harness.room import room

# Python runs this before anything of the bot's: its clock is the machine's and so many seconds.
JUMPING = """
import os
import time

real, place = time.time, os.environ["THAW_TEST_CLOCK"]


def jumped():
    with open(place) as ahead:
        return real() + float(ahead.read() or 0)


time.time = jumped
"""
HOURS = 3600.0


class Clock:
    """How far ahead the bot's clock is, in hours."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "ahead"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(JUMPING)
        self.jump(0)
        self.environment = {
            "PYTHONPATH": f"{folder}:{ROOT}", "THAW_TEST_CLOCK": str(self._place),
        }  # fmt: skip

    def jump(self, hours: float) -> None:
        """Set it."""
        coming = self._place.with_suffix(".coming")
        coming.write_text(str(hours * HOURS))
        coming.rename(self._place)


@pytest.mark.needs_system("bubblewrap")
async def test_jumps_of_the_clock_lose_and_double_nothing(tmp_path: Path) -> None:
    gate = asyncio.Event()
    held = Reply(calls=[("finish", {"result": "done"})], gate=gate)
    play = Play(
        {"go": starting("work"), "hello": [change("n", "add", 1), say("hi")]},
        {"work": [change("n", "add", 10), held]},
    )
    clock = Clock(tmp_path / "clock")
    async with room(tmp_path, play, environment=clock.environment) as r:
        await r.page.ask("go")
        await r.model.arrived(2 + 2)
        for hours in (6, -12, 30, 0):
            clock.jump(hours)
            assert (await r.page.ask("hello")).text == "hi"
            assert "1 running: work" in (await r.page.ask("/jobs")).text
        clock.jump(-5)
        await r.bot.kill()
        await r.bot.nothing_left()
        await r.bot.start()
        gate.set()
        assert (await r.page.result(1)).text == "done"
        clock.jump(5)
        assert "14" in (await r.page.ask("/state n")).text
        said = [line.text for line in r.page.lines.values() if line.post is None]
        assert said == ["go", *["hello", "/jobs"] * 4, "/state n"], "in the order it was said"
        assert len(r.page.posts) == 1 + 8 + 1 + 1
