"""One bot with its page and its scripted model, for as long as a test lasts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.model import ModelServer, Script
from tests.harness.bot import BotProcess, Sections, Values
from tests.harness.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a test has at hand. `stack` takes further pages."""

    bot: BotProcess
    page: Page
    model: ModelServer
    stack: AsyncExitStack

    async def another_page(self, *, channel: str = "general", name: str = "ana") -> Page:
        """One more page, connected."""
        page = await self.stack.enter_async_context(Page(self.bot.url, channel=channel, name=name))
        await page.connected()
        return page


@asynccontextmanager
async def room(
    within: Path,
    script: Script,
    *,
    sections: Sections | None = None,
    more: str = "",
    environment: Mapping[str, str] | None = None,
    data: Path | None = None,
) -> AsyncIterator[Room]:
    """Start a bot whose model is scripted. At the end it has to stop cleanly, with no bug in its
    log and no process left.
    """
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer(script))
        given = dict(sections or {})
        scripted: Values = {"base_url": model.base_url, "name": "scripted", "timeout_s": 30.0}
        own: Sections = {**given, "model": {**scripted, **given.get("model", {})}}
        bot = await stack.enter_async_context(
            BotProcess(
                within, sections=own, more=more, environment=environment, data=data, warm=True
            )
        )
        await bot.start()
        page = await stack.enter_async_context(Page(bot.url))
        await page.connected()
        yield Room(bot=bot, page=page, model=model, stack=stack)
        assert await bot.stop() == 0, bot.log()
        await bot.nothing_left()
        assert_no_bugs(bot)


def assert_no_bugs(bot: BotProcess) -> None:
    """The log tells of no bug: of no exception that was not expected."""
    log = bot.log()
    for sign in ("Traceback", "with a bug", "broke the core", "never retrieved"):
        assert sign not in log, log
