"""How the bot is doing, asked from outside: alive, ready, numbers; and damage that it survives."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp

from tests.harness import files
from tests.harness.bot import ROOT, BotProcess
from tests.harness.page import Page
from tests.harness.play import Play, say
from tests.harness.room import room


async def asked(bot: BotProcess, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}{path}") as answer:
        return answer.status, await answer.text()


async def thaw(bot: BotProcess, *arguments: str) -> tuple[int, str]:
    """A command beside the bot, or without it; its exit code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, "--config", str(bot.folder / "config.toml"),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def number(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in {text}"
    return float(found[1])


async def test_a_bot_tells_that_it_is_alive_ready_and_what_it_did(tmp_path: Path) -> None:
    async with room(tmp_path, Play({"hm": [say("yes")]})) as r:
        await r.page.ask("hm")
        assert await asked(r.bot, "healthz") == (200, "alive\n")
        status, text = await asked(r.bot, "metrics")
        assert status == 200
        assert number(text, "thaw_model_calls_total") >= 1
        assert number(text, "thaw_merges_total") >= 1
        assert number(text, "thaw_memory_pss_bytes") > 10_000_000
        assert number(text, 'thaw_jobs{state="running"}') == 0
        labels = set(re.findall(r'(\w+)="', text))
        assert labels <= {"state", "kind", "platform"}


async def test_a_model_that_is_gone_makes_the_bot_not_ready_but_alive(tmp_path: Path) -> None:
    sections = {"model": {"base_url": "http://127.0.0.1:9/v1", "name": "x"}}
    async with BotProcess(tmp_path, sections=sections, warm=True) as bot:
        await bot.start()
        status, text = await asked(bot, "readyz")
        assert status == 503
        assert "model: " in text
        assert (await asked(bot, "healthz"))[0] == 200


async def test_a_backup_taken_while_people_talk_is_restored_to_what_was_said_before_it(
    tmp_path: Path,
) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.ask("/set before 1")
            talk = asyncio.create_task(_talk(page))
            code, said = await thaw(bot, "backup", str(tmp_path / "kept"))
            assert (code, "channels: 1," in said) == (0, True), said
            last = await talk
        code, said = await thaw(bot, "restore", str(tmp_path / "kept"), "--replace")
        assert code == 1
        assert f"pid {bot.pid}" in said
        await bot.kill()
        code, said = await thaw(bot, "restore", str(tmp_path / "kept"), "--replace")
        assert code == 0, said
        await bot.start()
        async with Page(bot.url) as page:
            assert "before" in (await page.ask("/state before")).text
            found = (await page.ask("/state during")).text
        kept = {int(one) for one in re.findall(r"during\.(\d+)", found)}
        assert kept == set(range(len(kept))), "one moment of the channel, without a gap"
        assert len(kept) <= last
        assert await bot.stop() == 0


async def _talk(page: Page) -> int:
    for one in range(25):
        await page.ask(f"/set during.{one} 1")
    return 25


async def test_a_damaged_channel_is_told_set_aside_and_goes_back_to_its_backup(
    tmp_path: Path,
) -> None:
    more = f'[backup]\ndir = "{tmp_path}/kept"\n'
    async with BotProcess(tmp_path, more=more, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page, Page(bot.url, channel="other") as other:
            await page.ask("/set a 1")
            await other.ask("/set b 1")
        await bot.stop()
        assert (await thaw(bot, "backup", str(tmp_path / "kept" / "20990101T000000Z")))[0] == 0
        path = files.channel_file(bot.data)
        path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
        await bot.start()
        async with Page(bot.url) as page, Page(bot.url, channel="other") as other:
            assert "b" in (await other.ask("/state b")).text
            assert "a" in (await page.ask("/state a")).text
            await page.until(lambda: any("gone back to the backup" in t for t in texts(page)))
            assert not any("damaged" in text for text in texts(other))
        assert "was damaged and is set aside" in bot.log()
        assert aside(path)
        assert await bot.stop() == 0


def aside(path: Path) -> list[Path]:
    return list(path.parent.glob("general.db.damaged-*"))


def texts(page: Page) -> list[str]:
    return [line.post.text for line in page.lines.values() if line.post is not None]
