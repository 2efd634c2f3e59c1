"""The real bot, used in a real browser as a person would; screenshots land in the test's folder."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

from tests.harness.bot import BotProcess
from tests.harness.room import assert_no_bugs

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PHONE: ViewportSize = {"width": 390, "height": 780}
PATIENCE_MS = 30_000

expect.set_options(timeout=PATIENCE_MS)

pytestmark = pytest.mark.needs_system("chromium", "bubblewrap")


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot without a key: the offline model answers."""
    async with BotProcess(tmp_path, warm=True) as bot:
        await bot.start()
        yield bot
        assert await bot.stop() == 0
        await bot.nothing_left()
        assert_no_bugs(bot)


class Desktop:
    """One browser page on the bot."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.log = page.get_by_role("log")
        self.jobs = page.get_by_role("region", name="Jobs")
        page.set_default_timeout(PATIENCE_MS)

    async def say(self, text: str) -> None:
        """Type and send."""
        box = self.page.get_by_role("textbox", name="Message")
        await box.fill(text)
        await box.press("Enter")

    async def shows(self, text: str | re.Pattern[str]) -> Locator:
        """Wait until the conversation shows a text; the newest place of it."""
        found = self.log.get_by_text(text).last
        await expect(found).to_be_visible()
        return found

    async def answers(self, text: str | re.Pattern[str]) -> None:
        """Wait until the bot says a text; what people wrote themselves is no answer."""
        said = self.log.get_by_role("article", name=re.compile("^Thaw")).get_by_text(text)
        await expect(said.last).to_be_visible()

    def card(self, title: str) -> Locator:
        """A job's card, by the begin of its title."""
        return self.jobs.get_by_role(
            "article", name=re.compile(rf"^{re.escape(title)}", re.IGNORECASE)
        )

    async def ended(self, title: str, state: str) -> None:
        """Wait until a job has come to an end."""
        card = self.jobs.get_by_role("article", name=re.compile(f"{title}.*{state}", re.IGNORECASE))
        await expect(card).to_be_visible()

    async def panel(self, name: str) -> Locator:
        """Open one of the channel's panels."""
        places = self.page.get_by_role("navigation", name="Channels and threads")
        await places.get_by_role("button", name=name, exact=True).click()
        panel = self.page.get_by_role("dialog", name=name)
        await expect(panel).to_be_visible()
        return panel

    async def close_panel(self) -> None:
        """Close what is open."""
        await self.page.keyboard.press("Escape")
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def picture(self, name: str) -> None:
        """A screenshot, for people to look at."""
        await self.page.screenshot(path=self.folder / f"{name}.png")


@pytest_asyncio.fixture
async def desktop(browser: Browser, bot: BotProcess, tmp_path: Path) -> AsyncIterator[Desktop]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(bot.url)
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    yield Desktop(page, tmp_path)
    assert complaints == []


async def test_three_heavy_things_in_one_message_and_the_chat_goes_on(desktop: Desktop) -> None:
    await desktop.say("In the background: wait 20 minutes; wait 2 minutes; append shipped to news")
    await desktop.answers(re.compile("offline", re.IGNORECASE))
    await expect(desktop.jobs.get_by_role("article")).to_have_count(3)
    await desktop.picture("three-jobs")

    # The chat goes on meanwhile, here and in another thread.
    await desktop.say("set deploy.target to prod")
    await desktop.answers("deploy.target")
    await desktop.page.get_by_role("button", name="New thread").click()
    await desktop.say("what is deploy.target")
    await desktop.answers(re.compile("prod"))
    await desktop.page.get_by_role("button", name="Back to the main line").click()

    # One result comes as a message with its receipt and Undo.
    await desktop.ended("append", "completed")
    await desktop.answers(re.compile("news"))
    await expect(desktop.log.get_by_role("button", name="Undo").last).to_be_visible()

    # One job is stopped, another is steered and ends early.
    await desktop.card("wait 20 minutes").get_by_role("button", name="Stop").click()
    await desktop.ended("wait 20 minutes", "cancelled")
    await desktop.card("wait 2 minutes").get_by_role("button", name="Steer").click()
    form = desktop.page.get_by_role("dialog", name="Steer")
    await form.get_by_role("textbox").fill("enough")
    await form.get_by_role("button", name="Steer").click()
    await desktop.ended("wait 2 minutes", "completed")
    await desktop.picture("results")

    panel = await desktop.panel("State")
    await expect(panel.get_by_role("article", name="news")).to_contain_text("shipped")
    await desktop.picture("state")
    await desktop.close_panel()
    panel = await desktop.panel("History")
    await expect(panel.get_by_role("button", name="Undo").first).to_be_visible()
    await desktop.picture("history")
    await desktop.close_panel()


async def test_a_conflict_is_decided_by_a_button_and_a_merge_undone(desktop: Desktop) -> None:
    await desktop.say("In the background: set colour to red; set colour to blue")
    await desktop.ended("set colour to red", "completed")
    await desktop.ended("set colour to blue", "completed")
    question = desktop.log.get_by_role("button", name=re.compile("blue|red"))
    await expect(question.first).to_be_visible()
    await desktop.picture("conflict")
    panel = await desktop.panel("Conflicts")
    await expect(panel.get_by_text("colour").first).to_be_visible()
    await desktop.picture("conflicts")
    await desktop.close_panel()
    panel = await desktop.panel("State")
    entry = panel.get_by_role("article", name="colour")
    stands = "red" if "red" in await entry.inner_text() else "blue"
    other = "blue" if stands == "red" else "red"
    await desktop.close_panel()
    await desktop.log.get_by_role("button", name=re.compile(other)).first.click()
    panel = await desktop.panel("State")
    await expect(entry).to_contain_text(other)
    await desktop.close_panel()
    panel = await desktop.panel("History")
    await panel.get_by_role("button", name="Undo").first.click()
    await desktop.close_panel()
    await desktop.panel("State")
    await expect(entry).to_contain_text(stands)


async def test_a_killed_bot_loses_and_doubles_nothing_on_an_open_page(
    desktop: Desktop, bot: BotProcess
) -> None:
    await desktop.say("In the background: wait 2 seconds")
    await desktop.card("wait 2 seconds").get_by_role("button", name="Details").click()
    await expect(desktop.page.get_by_role("dialog")).to_contain_text("wait", ignore_case=True)
    await desktop.picture("details")
    await desktop.close_panel()
    await bot.kill()
    await expect(desktop.page.get_by_text("Reconnecting…")).to_be_visible()
    await desktop.say("hello, are you back?")
    await desktop.picture("away")
    await bot.start()
    await expect(desktop.page.get_by_text("Connected", exact=True)).to_be_visible()
    await desktop.ended("wait 2 seconds", "completed")
    said = desktop.log.get_by_text("hello, are you back?", exact=True)
    await expect(said).to_have_count(1)
    await expect(desktop.page.get_by_text("Sending…")).to_have_count(0)
    results = desktop.log.get_by_text(re.compile("Result of job 1"))
    await expect(results).to_have_count(1)


async def test_settings_change_on_the_page_while_a_job_runs(desktop: Desktop) -> None:
    await desktop.say("In the background: wait 10 minutes")
    await expect(desktop.card("wait 10 minutes")).to_be_visible()
    panel = await desktop.panel("Settings")
    setting = panel.get_by_role("article", name="max_steps")
    await setting.get_by_role("button", name="Change").click()
    form = desktop.page.get_by_role("dialog", name="Change a setting")
    await form.get_by_role("textbox").fill("7")
    await form.get_by_role("button", name="Change").click()
    await expect(setting).to_contain_text("7")
    await desktop.picture("settings")
    await desktop.close_panel()
    panel = await desktop.panel("Spend")
    await expect(panel).to_contain_text("this channel, today")
    await desktop.picture("spend")
    await desktop.close_panel()
    await desktop.card("wait 10 minutes").get_by_role("button", name="Stop").click()
    await desktop.ended("wait 10 minutes", "cancelled")


async def test_it_fits_a_phone_in_the_dark(
    browser: Browser, bot: BotProcess, tmp_path: Path
) -> None:
    context = await browser.new_context(viewport=PHONE, color_scheme="dark", has_touch=True)
    page = await context.new_page()
    await page.goto(bot.url)
    phone = Desktop(page, tmp_path)
    await phone.say(
        "In the background: append one to news; run the command `echo " + "x" * 200 + "`"
    )
    await phone.shows(re.compile("Result of job 1"))
    await phone.shows(re.compile("Result of job 2"))
    await phone.picture("phone-chat")
    await page.get_by_role("navigation", name="Views").get_by_role("button", name="Jobs").click()
    await expect(phone.jobs.get_by_role("article")).to_have_count(2)
    await phone.picture("phone-jobs")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) == 0
    await context.close()
