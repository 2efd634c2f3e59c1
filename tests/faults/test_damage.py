"""A channel's file that is damaged while the bot runs and works in it: the channel is told and goes
on from its last good backup, or anew; the others notice nothing. Files that are removed meanwhile
are there again."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.backup import back_up
from tests.emulators.script import Reply
from tests.harness.bot import Sections
from tests.harness.play import Play, finish, say, starting
from tests.harness.room import Room, room

PAGE = 4096


def damage(path: Path) -> None:
    """What a dying disk leaves: of the file and its log the beginning is what it was, no more."""
    for each in (path, path.with_name(f"{path.name}-wal")):
        size = each.stat().st_size
        with each.open("r+b") as file:
            file.seek(PAGE)
            file.write(b"\xa5" * max(size - PAGE, 0))


async def told(r: Room, words: str) -> str:
    """The notice that the channel's file was damaged."""
    await r.page.until(lambda: any(words in post.text for post in r.page.posts))
    return next(post.text for post in r.page.posts if words in post.text)


@pytest.mark.parametrize("backed_up", [True, False], ids=["with a backup", "without one"])
async def test_the_channel_is_told_and_goes_on_and_the_others_notice_nothing(
    tmp_path: Path, *, backed_up: bool
) -> None:
    go = asyncio.Event()
    begun = Reply(calls=[("progress", {"text": "begun"})], gate=go)
    jobs = {name: [begun, finish(f"{name} is done")] for name in ("early", "late", "other")}
    turns = {f"go {name}": starting(name) for name in jobs}
    backups = tmp_path / "backups"
    sections: Sections = {"backup": {"dir": str(backups), "every_hours": 24}}
    play = Play({**turns, "hello": [say("hi")]}, jobs)
    async with room(tmp_path, play, sections=sections) as r:
        other = await r.another_page(channel="other")
        await other.ask("/set a 1")
        await other.ask("go other")
        await r.page.ask("/set a 1")
        await r.page.ask("go early")
        await r.model.arrived(6)  # two for each turn, one for each job
        if backed_up:
            await asyncio.to_thread(list, back_up(r.bot.data, backups / "20260101T000000Z"))
        await r.page.ask("/set a 2")
        await r.page.ask("go late")
        await r.model.arrived(9)
        damage(r.bot.data / "channels" / "web" / "local" / "general.db")
        r.page.say("/state")
        words = await told(r, "was damaged")
        assert ("gone back to the backup of" if backed_up else "begin anew") in words
        assert ("a = 1" in (await r.page.ask("/state a")).text) == backed_up
        assert (await r.page.ask("hello")).text == "hi"
        go.set()
        if backed_up:
            assert "early is done" in (await r.page.result(1)).text
        assert "other is done" in (await other.result(1)).text
        assert "a = 1" in (await other.ask("/state a")).text
        assert (await r.page.ask("hello")).text == "hi"
        assert len(r.page.results(1)) == backed_up


async def test_a_data_directory_that_is_removed_while_the_bot_runs_is_there_again(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, Play({"hello": [say("hi")]})) as r:
        await r.page.ask("/set a 1")
        await r.page.ask("hello")
        await r.page.ask("hello again")
        spent = (await r.page.ask("/budget")).text
        r.bot.data.rename(tmp_path / "gone")
        assert (await r.page.ask("/set b 2")).text == "Set b."
        assert (await r.page.ask("hello")).text == "hi"
        await r.page.ask("/pin a")
        await r.bot.kill()
        await r.bot.nothing_left()
        await r.bot.start()
        shown = (await r.page.ask("/state")).text
        assert "a = 1" in shown
        assert "b = 2" in shown
        assert tokens((await r.page.ask("/budget")).text) > tokens(spent) > 0
        assert [post.text for post in r.page.posts].count("hi") == 3


def tokens(shown: str) -> int:
    """What the channel has used, as /budget shows it."""
    found = re.search(r"this channel, today: ([0-9,]+)", shown)
    assert found is not None, shown
    return int(found[1].replace(",", ""))
