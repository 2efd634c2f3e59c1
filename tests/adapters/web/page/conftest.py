"""The page in a real Chromium, before a core with a memory. One browser, a new profile per test."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from adapters.web import WebAdapter
from tests.adapters.web.fake_core import FakeCore

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS, headless=True
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def core() -> FakeCore:
    return FakeCore()


@pytest_asyncio.fixture(loop_scope="session")
async def adapter(core: FakeCore) -> AsyncIterator[WebAdapter]:
    adapter = WebAdapter(core, core, "127.0.0.1", 0, "Thaw")
    core.adapter = adapter
    await adapter.start()
    yield adapter
    await adapter.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, adapter: WebAdapter) -> AsyncIterator[Page]:
    """The open page; whatever it complains about in its console fails the test."""
    complaints: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    await opened(page, adapter)
    yield page
    # Lost connections and refused files are the browser's own complaints, not the page's.
    own = ("WebSocket connection to", "Failed to load resource")
    assert [one for one in complaints if not one.startswith(own)] == []


async def opened(page: Page, adapter: WebAdapter, path: str = "") -> Page:
    """The page, loaded and connected."""
    await page.goto(adapter.url + path)
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    return page


async def say(page: Page, text: str) -> None:
    """Type a message and send it."""
    await page.get_by_label("Message").fill(text)
    await page.get_by_role("button", name="Send").click()
