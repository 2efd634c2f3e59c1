"""The command line beside a running bot, and without one: the same files, two programs."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.harness.bot import ROOT, BotProcess
from tests.harness.page import Page, Refused
from tests.harness.room import assert_no_bugs
from tests.harness.shown import Post


async def thaw(bot: BotProcess, *arguments: str) -> tuple[int, str]:
    """Run `thaw` on the bot's configuration: exit code, and all that it said."""
    config = str(bot.folder / "config.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, "--config", config,
        cwd=bot.folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def told(page: Page) -> list[Post]:
    return [post for post in page.posts if "from the command line" in post.text]


async def test_undo_works_beside_a_running_bot_whose_page_shows_it_at_once(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.connected()
            await page.ask("/set colour red")
            await page.ask("/set colour blue")
            code, said = await thaw(bot, "undo", "general", "2", "--as", "ops")
            assert (code, said.splitlines()[1]) == (0, '  `colour` "blue" → "red"')
            # Nobody says or asks anything: the page hears of it by itself.
            await page.until(lambda: bool(told(page)))
            (post,) = told(page)
            assert post.text.startswith("ops (operator) undid commit 2")
            await page.answer(page.press(post.button("Undo")))
            assert 'colour = "blue"' in (await page.ask("/state colour")).text
            then = await page.look("state", at=3)
            assert (then["entries"][0]["value"], then["newest"]) == ('"red"', 4)
            assert (await page.look("state", when="now"))["commit"] == 4
            commit = (await page.look("commit", number=2))["line"]
            assert (commit["undone_by"], commit["changes"][0]["text"]) == (
                None, '`colour` "red" → "blue"',
            )  # fmt: skip
            for wrong in ({"at": 99}, {"when": "1999-01-01"}, {"when": "soon"}):
                with pytest.raises(Refused, match=r"\w"):
                    await page.look("state", **wrong)
            code, said = await thaw(bot, "state", "general", "colour", "--at", "3")
            assert (code, said.splitlines()[1]) == (0, 'colour = "red"   [ana]')
            code, said = await thaw(bot, "undo", "general", "2", "--json")
            assert code == 0, said
            code, said = await thaw(bot, "undo", "general", "2")
            assert (code, said) == (1, "commit 2 is undone already, by commit 5\n")
        assert await bot.stop() == 0
        assert_no_bugs(bot)


async def test_undo_works_without_a_bot_and_the_next_one_tells_it(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.connected()
            await page.ask("/set colour red")
        assert await bot.stop() == 0
        assert (await thaw(bot, "undo", "web/local/general", "1"))[0] == 0
        code, said = await thaw(bot, "history", "general", "colour")
        assert code == 0
        assert "undone by commit 2" in said
        await bot.start()
        async with Page(bot.url) as page:
            await page.until(lambda: bool(told(page)))
            assert told(page)[0].receipt == ("`colour` is gone",)
        assert await bot.stop() == 0
        assert_no_bugs(bot)
