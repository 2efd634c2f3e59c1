"""Files that people send with what they say, with the whole bot: kept, seen by jobs, forgotten."""

import time
from pathlib import Path

import aiohttp
import pytest

from core.commit_points import CommitPoint
from tests.harness.bot import ROOT, BotProcess
from tests.harness.page import Page, Refused
from tests.harness.room import assert_no_bugs

LOG = (ROOT / "docs" / "examples" / "ci-logs" / "build-17" / "3-unit.log").read_bytes()


def peak_kb(bot: BotProcess) -> int:
    """The most memory that the bot has had."""
    return int(Path(f"/proc/{bot.pid}/status").read_text().split("VmHWM:")[1].split()[0])


@pytest.mark.needs_system("bubblewrap")
async def test_an_attached_log_is_looked_into_found_and_forgotten(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.connected()
            log = await page.upload("../build 17.log", LOG)
            answer = await page.answer(page.say("why did CI fail?", files=[log]))
            assert "kept `inbox/build 17.log` (" in answer.receipt[0]
            result = await page.result(1)
            assert "services/payments/gateway.py:142" in result.text
            assert "inbox/build 17.log:" in result.text
            found = await page.ask("/search method_whitelist")
            assert "inbox/build 17.log" in found.text
            async with aiohttp.ClientSession() as session:
                query = {"channel": "general", "path": "inbox/build 17.log"}
                async with session.get(f"{bot.url}file", params=query) as served:
                    assert await served.read() == LOG
                    assert served.headers["Content-Disposition"].startswith("attachment")
            asked = await page.ask("/forget me")
            assert "1 file that came with them: inbox/build 17.log" in asked.text
            page.press(asked.button("Forget for good"))
            await page.until(lambda: any("Forgotten for good" in post.text for post in page.posts))
        assert await bot.stop() == 0
        needle = b"method_whitelist"
        left = [path for path in bot.data.rglob("*") if path.is_file()]
        assert [path for path in left if needle in path.read_bytes()] == []
        assert_no_bugs(bot)


@pytest.mark.parametrize("point", [CommitPoint.INBOX_BEFORE, CommitPoint.INBOX_ACCEPTED])
async def test_a_kill_between_the_file_and_its_message_loses_and_doubles_nothing(
    tmp_path: Path, point: CommitPoint
) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start(kill_at=point.value)
        async with Page(lambda: bot.url) as page:
            await page.connected()
            file = await page.upload("a.log", LOG)
            said = page.say("hm", files=[file])
            assert await bot.ended() == -9
            await bot.start()
            await page.answer(said)
            await page.connected()
            files = (await page.look("state"))["files"]
            assert [one["key"] for one in files] == ["inbox/a.log"]
            assert len((await page.look("history"))["lines"]) == 1
        assert list((bot.data / "spool").iterdir()) == []


async def test_large_files_do_not_hold_up_another_thread(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.connected()
            files = [await page.upload(f"{n}.bin", bytes([n]) * 10_000_000) for n in range(6)]
            said = page.say("hm", files=files)
            began = time.monotonic()
            await page.ask("/help", thread="other")
            assert time.monotonic() - began < 5
            await page.answer(said)
            told = next(post.text for post in page.posts if post.id.startswith("reply:files:"))
            assert told.count("50 MB are the most for all files of one message") == 1
            with pytest.raises(Refused, match="20 MB are the most for one file"):
                await page.upload("big", bytes(21 * 2**20))
        assert peak_kb(bot) < 250_000
        assert await bot.stop() == 0
        assert_no_bugs(bot)
