"""The bot is killed while a job's summary is made, and again once it is kept: the job goes on from
the same bytes, and no summary is bought twice but the one in flight."""

import asyncio
from pathlib import Path

import pytest

from core.summaries.request import OPENING
from tests.emulators.model import ModelServer
from tests.emulators.script import Received, Reply
from tests.harness.bot import BotProcess, Sections
from tests.harness.page import Page
from tests.harness.play import finish, shell, start
from tests.harness.room import assert_no_bugs

pytestmark = pytest.mark.needs_system("bubblewrap")

LOOK = "head -c 3000 /dev/zero | tr '\\0' x"
FOR_EVER = 600.0


class Long:
    """A model with a job of nine looks. It never answers the first request for a summary, nor the
    first one of the job that comes after a summary: then the bot is to be killed."""

    def __init__(self) -> None:
        self.kill = asyncio.Event()
        self.summaries: list[Received] = []
        self.steps: list[Received] = []
        self.hung = 0

    def __call__(self, received: Received) -> Reply:
        if str(received.messages[0]["content"]).startswith(OPENING):
            self.summaries.append(received)
            return self._hang() if len(self.summaries) == 1 else Reply(text="It saw many x.")
        if "finish" not in received.tools:
            ended = any(one["role"] == "tool" for one in received.messages)
            return Reply(text="Started.") if ended else start("look long")
        self.steps.append(received)
        if len(self.summaries) == 2 and self.hung == 1:
            return self._hang()
        return finish("seen") if len(self.steps) > 9 else shell(LOOK)

    def _hang(self) -> Reply:
        self.hung += 1
        self.kill.set()
        return Reply(text="too late", latency_s=FOR_EVER)


async def test_a_kill_amid_a_summary_and_one_after_it_change_no_byte(tmp_path: Path) -> None:
    long = Long()
    async with ModelServer(long) as model:
        sections: Sections = {
            "model": {"base_url": model.base_url, "name": "long"},
            "subagents": {"summary_above": 27_000},
        }
        async with BotProcess(tmp_path, sections=sections, warm=True) as bot:
            await bot.start()
            async with Page(bot.url) as page:
                page.say("go")
                for _ in ("amid the summary", "after it"):
                    async with asyncio.timeout(60):
                        await long.kill.wait()
                    long.kill.clear()
                    await bot.kill()
                    await bot.start()
                result = await page.result(1)
                assert result.text.endswith("seen")
                assert await bot.stop() == 0
            assert_no_bugs(bot)
    assert len(long.summaries) == 2
    shown = [one.messages for one in long.steps]
    summed = [one for one in shown if "It saw many x." in str(one)]
    # The one that was never answered, and the first after the next start.
    assert summed[1][: len(summed[0])] == summed[0]
