"""One whole bot on one platform, with its scripted model and its people. Tells no story."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.contract.on_discord import InDiscord
from tests.contract.on_page import OnPage
from tests.contract.on_slack import InSlack
from tests.contract.on_telegram import InTelegram
from tests.contract.somebody import PLACES, Somebody
from tests.emulators.discord.server import DiscordServer
from tests.emulators.model import ModelServer
from tests.emulators.ports import held_port
from tests.emulators.script import Received, Reply
from tests.emulators.slack import SlackServer
from tests.emulators.slack.http_events import HttpEvents
from tests.emulators.telegram import TelegramServer
from tests.harness.bot import BotProcess, Sections, Values
from tests.harness.people import PATIENCE_S
from tests.harness.play import Part, Play, say
from tests.harness.room import assert_no_bugs
from tests.harness.town import SECRETS

VARIANTS = ("page", "slack", "slack-http", "discord", "telegram", "telegram-webhook")


@dataclass(slots=True)
class Model:
    """What the model says: the parts of all stories, and an echo of all else."""

    turns: dict[str, Part] = field(default_factory=dict)
    jobs: dict[str, Part] = field(default_factory=dict)
    asked: list[Received] = field(default_factory=list)
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, received: Received) -> Reply:
        """Answer one request."""
        self.asked.append(received)
        self._called.set()
        self._called = asyncio.Event()
        known = any(key in received.asked for key in self.turns)
        if "finish" not in received.tools and not known:
            return say(f"heard {received.asked}")
        return Play(self.turns, self.jobs)(received)

    async def reached(self, words: str) -> None:
        """Return when a turn has asked the model about a message with these words."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(words in received.asked for received in self.asked):
                await self._called.wait()


@dataclass(slots=True, kw_only=True)
class Stage:
    """Anna is an admin where there are admins; Ben may use the bot, Eve may not. `machine` makes
    another bot write (text, place)."""

    variant: str
    bot: BotProcess
    model: Model
    anna: Somebody
    ben: Somebody | None = None
    eve: Somebody | None = None
    machine: Callable[[str, int], Awaitable[None]] | None = None

    def plays(
        self, turns: Mapping[str, Part] | None = None, jobs: Mapping[str, Part] | None = None
    ) -> None:
        """Teach the model further parts."""
        self.model.turns |= turns or {}
        self.model.jobs |= jobs or {}

    async def start(self) -> None:
        """Start the bot and wait until it is on its platform."""
        await self.bot.start()
        await self.anna.connected()


@asynccontextmanager
async def stage(variant: str, within: Path) -> AsyncIterator[Stage]:
    """The platform and a bot that has been started; at the end it has to stop cleanly, with no
    bug in its log."""
    async with AsyncExitStack() as stack:
        model = Model()
        server = await stack.enter_async_context(ModelServer(model))
        makers = {"page": _page, "discord": _discord}
        make = makers.get(variant) or (_slack if variant.startswith("slack") else _telegram)
        made, environment = await make(variant, within, stack)
        made.model = model
        bot = made.bot
        bot.sections["model"] = {"base_url": server.base_url, "name": "scripted", "timeout_s": 30.0}
        bot.sections["approvals"] = {"tools": ("shell",), "commands": ("rm",)}
        bot.environment |= environment
        await stack.enter_async_context(bot)
        await made.start()
        yield made
        if bot.running:
            assert await bot.stop() == 0, bot.log()
        assert_no_bugs(bot)


Made = tuple[Stage, Mapping[str, str]]


async def _page(variant: str, within: Path, stack: AsyncExitStack) -> Made:
    bot = BotProcess(within, warm=True)
    return Stage(variant=variant, bot=bot, model=Model(), anna=OnPage(lambda: bot.url, stack)), {}


async def _slack(variant: str, within: Path, stack: AsyncExitStack) -> Made:
    # As strict as Slack itself: the bot is on its own, and cannot be told that time is short.
    slack = await stack.enter_async_context(SlackServer(second=1.0))
    slack.workspace.users["U0EVE"] = "Eve"
    by_socket = variant == "slack"
    sections: Sections = {
        "slack": {"api_url": slack.api_url},
        "access.slack": {"who": "listed", "people": ("U0BEN",), "admins": ("U0ANNA",)},
    }
    environment = {name: SECRETS[name] for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")}
    if not by_socket:
        port = stack.enter_context(held_port())
        sections = {**sections, "slack": {**sections["slack"], "mode": "http", "port": port}}
        environment["SLACK_SIGNING_SECRET"] = "signing"
        url = f"http://127.0.0.1:{port}/slack/events"
        slack.events = HttpEvents(url, "signing", (0.2, 0.5, 1.0, 2.0, 5.0, 20.0), 3.0)
    anna, ben, eve = (InSlack(slack, who, socket=by_socket) for who in _SLACK_PEOPLE)

    async def machine(text: str, place: int) -> None:
        extra = {"bot_id": "B0OTHER", "user": "U0OTHERBOT", "app_id": "A0OTHER"}
        await anna.as_machine(text, place, extra)

    bot = BotProcess(within, sections=sections, warm=True)
    made = Stage(
        variant=variant, bot=bot, model=Model(), anna=anna, ben=ben, eve=eve, machine=machine
    )
    return made, environment


_SLACK_PEOPLE = ("U0ANNA", "U0BEN", "U0EVE")


async def _discord(variant: str, within: Path, stack: AsyncExitStack) -> Made:
    discord = await stack.enter_async_context(DiscordServer())
    guild = discord.world.guild()
    channels = {place: discord.world.channel(guild, name=f"place-{place}") for place in PLACES}
    people = [discord.world.person(name) for name in ("Anna", "Ben", "Eve")]
    anna, ben, eve = (InDiscord(discord, person, channels) for person in people)
    other = InDiscord(discord, discord.world.person("Other", bot=True), channels)

    async def machine(text: str, place: int) -> None:
        await other.ask(text, place)

    sections: Sections = {
        "discord": {"api_url": discord.api_url, "gateway_url": discord.gateway_url},
        "access.discord": {"who": "listed", "people": (ben.me,), "admins": (anna.me,)},
    }
    bot = BotProcess(within, sections=sections, warm=True)
    made = Stage(
        variant=variant, bot=bot, model=Model(), anna=anna, ben=ben, eve=eve, machine=machine
    )
    return made, {"DISCORD_TOKEN": SECRETS["DISCORD_TOKEN"]}


async def _telegram(variant: str, within: Path, stack: AsyncExitStack) -> Made:
    telegram = await stack.enter_async_context(TelegramServer())
    groups = variant == "telegram-webhook"
    private = tuple(str(1000 + place) for place in PLACES)
    environment = {"TELEGRAM_TOKEN": SECRETS["TELEGRAM_TOKEN"]}
    access: Sections = {
        "telegram": {"api_url": telegram.url},
        "access.telegram": {"who": "listed", "people": ("8",), "admins": ("7", *private)},
    }
    if groups:
        port = stack.enter_context(held_port())
        hook = f"http://127.0.0.1:{port}/telegram"
        own: Values = {"mode": "webhook", "webhook_url": hook, "port": port}
        access = {**access, "telegram": {**access["telegram"], **own}}
        environment["TELEGRAM_SECRET"] = "long-and-random"
    anna, ben, eve = (InTelegram(telegram, person, groups=groups) for person in (7, 8, 9))

    async def machine(text: str, place: int) -> None:
        await anna.as_machine(text, place)

    bot = BotProcess(within, sections=access, warm=True)
    made = Stage(
        variant=variant, bot=bot, model=Model(), anna=anna, ben=ben, eve=eve, machine=machine
    )
    return made, environment
