"""A job that asks, as a person on the page sees it: across a kill of the bot, in a real sandbox."""

from pathlib import Path

import pytest

from tests.harness.bot import BotProcess
from tests.harness.page import Page

pytestmark = pytest.mark.needs_system("bubblewrap")
BRIEF = 'write a file a.txt: before, then ask me "Where to?" (staging, prod), then read file a.txt'


async def test_a_job_waits_for_its_answer_across_a_kill_and_works_on(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.ask(BRIEF)
            waits = await page.card(1, lambda card: card.state == "waiting")
            assert waits.step == "waiting for an answer"
            await bot.kill()
            await bot.nothing_left()
            await bot.start()
            await page.connected()
            answer = await page.ask("/answer 1 prod")
            assert answer.text == "Job 1 goes on with: prod"
            result = await page.result(1)
            assert "prod" in result.text
            assert "before" in result.text
