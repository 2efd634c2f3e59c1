"""The worked examples of docs/examples, end to end, as a person types them; no model, no key."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.harness.bot import ROOT, BotProcess
from tests.harness.page import Page
from tests.harness.room import assert_no_bugs

EXAMPLES = ROOT / "docs" / "examples"
PLATFORMS = ("twitter", "linkedin", "slack", "hacker-news")

pytestmark = pytest.mark.needs_system("bubblewrap")


@asynccontextmanager
async def example(within: Path) -> AsyncIterator[Page]:
    """The bot with the example's own configuration, but for the data folder and the port."""
    text = (EXAMPLES / "thaw.toml").read_text()
    more = text.replace('path = "ci-logs"', f'path = "{EXAMPLES / "ci-logs"}"')
    assert more != text
    async with BotProcess(within, more=more) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.connected()
            yield page
        assert await bot.stop() == 0
        await bot.nothing_left()
        assert_no_bugs(bot)


def quoted(heading: str) -> str:
    """What the walk-through says to type under a heading."""
    section = (EXAMPLES / "README.md").read_text().split(f"## {heading}")[1]
    lines = re.findall(r"^> (.*)$", section.split("\n\n## ")[0], re.MULTILINE)
    return " ".join(lines)


async def test_launch_texts_for_four_platforms(tmp_path: Path) -> None:
    async with example(tmp_path) as page:
        answer = await page.ask(quoted("Launch texts for four platforms"))
        assert answer.offline
        for job in (1, 2, 3, 4):
            assert str(job) in answer.text + " ".join(answer.receipt)
        results = await asyncio.gather(*(page.result(job) for job in (1, 2, 3, 4)))
        assert all(result.mention == "ana" and result.offline for result in results)
        assert all("failed" not in result.text for result in results), page.summary()
        state = await page.look("state", prefix="launch")
        files = {entry["key"] for entry in (await page.look("state"))["files"]}
        assert files == {f"launch/{platform}.md" for platform in PLATFORMS}
        entries = {entry["key"]: entry for entry in state["entries"]}
        assert {f"launch.{platform}" for platform in PLATFORMS} <= entries.keys()
        log = entries["launch.log"]
        assert log["kind"] == "log"
        assert len(log["value"].splitlines()) == 4
        assert (await page.look("conflicts"))["lines"] == []
        # Undo of one job takes its line, its entry and its file, and leaves the others'.
        await page.answer(page.press(results[0].button("Undo")))
        state = await page.look("state", prefix="launch")
        left = {entry["key"]: entry["value"] for entry in state["entries"]}
        assert len(left["launch.log"].splitlines()) == 3
        assert len(left) == 4
        assert len((await page.look("state"))["files"]) == 3


async def test_why_did_ci_fail(tmp_path: Path) -> None:
    async with example(tmp_path) as page:
        await page.ask(quoted("Why did CI fail"))
        result = await page.result(1)
        assert "services/payments/gateway.py:142" in result.text
        assert "TypeError" in result.text
        steps = (await page.look("job", number=1))["steps"]
        titles = " ".join(step["title"] for step in steps)
        assert "search" in titles
        assert "python" in titles or "shell" in titles
        assert "build-17" in (await page.ask('/search "unexpected keyword argument"')).text
