"""One bot on Slack, Discord, Telegram and its page at once, for as long as a test lasts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.discord.server import TOKEN as DISCORD_TOKEN
from tests.emulators.discord.server import DiscordServer
from tests.emulators.model import ModelServer, Script
from tests.emulators.slack import SlackServer
from tests.emulators.slack.server import APP_TOKEN, BOT_TOKEN
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.limits import Limits as TelegramLimits
from tests.emulators.telegram.server import TOKEN as TELEGRAM_TOKEN
from tests.harness.bot import BotProcess, Sections, Value
from tests.harness.page import Page
from tests.harness.people import OnDiscord, OnSlack, OnTelegram, Side
from tests.harness.room import assert_no_bugs

SECRETS = {
    "SLACK_BOT_TOKEN": BOT_TOKEN,
    "SLACK_APP_TOKEN": APP_TOKEN,
    "DISCORD_TOKEN": DISCORD_TOKEN,
    "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What a test has at hand. Nothing is connected until the bot is started."""

    bot: BotProcess
    model: ModelServer
    slack: SlackServer
    discord: DiscordServer
    telegram: TelegramServer
    sides: Sequence[Side]

    async def start(self) -> None:
        """Start the bot and wait until it is on every platform."""
        await self.bot.start()
        for side in self.sides:
            await side.connected()

    @property
    def page(self) -> Page:
        """The bot's page, to be entered as a context."""
        return Page(lambda: self.bot.url)


@asynccontextmanager
async def town(
    within: Path,
    script: Script,
    *,
    places: int = 1,
    sections: Sections | None = None,
    environment: Mapping[str, str] | None = None,
    limits: TelegramLimits | None = None,
    through: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> AsyncIterator[Town]:
    """The three platforms with `places` channels each, and a bot that is not started yet. What
    `sections` have goes over the configuration that serves them all to everybody; without `limits`
    Telegram takes any number of messages. `through` is as for BotProcess; `names` gives a server
    ("model", "slack", ...) a host's name, under which the bot has to look for it.

    At the end a bot that still runs has to stop cleanly, with no bug in its log.
    """
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer(script))
        # As strict as Slack itself: the bot is on its own, and cannot be told that time is short.
        slack = await stack.enter_async_context(SlackServer(second=1.0))
        discord = await stack.enter_async_context(DiscordServer())
        telegram = await stack.enter_async_context(TelegramServer(limits))
        on_discord = OnDiscord(discord)
        for place in range(places):
            on_discord.open(place)
        bot = await stack.enter_async_context(
            BotProcess(
                within,
                sections=_merged(
                    _named(_sections(model, slack, discord, telegram), names or {}), sections or {}
                ),
                environment={**SECRETS, **(environment or {})},
                warm=not through,
                through=through,
            )
        )
        yield Town(
            bot=bot, model=model, slack=slack, discord=discord, telegram=telegram,
            sides=(OnSlack(slack), on_discord, OnTelegram(telegram)),
        )  # fmt: skip
        if bot.running:
            assert await bot.stop() == 0, bot.log()
            await bot.nothing_left()
        assert_no_bugs(bot)
        leaks = _leaks(bot.log())
        assert not leaks, leaks[:5]
        assert discord.limits.violations == []
        assert telegram.meter.violations == []


def _leaks(log: str) -> list[str]:
    """The lines that hold a secret, with its name in its place."""
    found = []
    for line in log.splitlines():
        for name, secret in SECRETS.items():
            if secret in line:
                found.append(line.replace(secret, f"<{name}>"))
    return found


def _sections(
    model: ModelServer, slack: SlackServer, discord: DiscordServer, telegram: TelegramServer
) -> Sections:
    return {
        "model": {"base_url": model.base_url, "name": "scripted", "timeout_s": 30.0},
        "slack": {"api_url": slack.api_url},
        "discord": {"api_url": discord.api_url, "gateway_url": discord.gateway_url},
        "telegram": {"api_url": telegram.url},
        "access.telegram": {"who": "anyone"},
    }


def _named(sections: Sections, names: Mapping[str, str]) -> Sections:
    """The same servers by the names of their hosts."""

    def value(section: str, given: Value) -> Value:
        if section not in names or not isinstance(given, str):
            return given
        return given.replace("127.0.0.1", names[section])

    return {
        section: {key: value(section, given) for key, given in values.items()}
        for section, values in sections.items()
    }


def _merged(sections: Sections, more: Sections) -> Sections:
    return {name: {**sections.get(name, {}), **more.get(name, {})} for name in {**sections, **more}}
