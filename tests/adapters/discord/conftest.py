"""What tests of Discord share: the platform on loopback, a core with a memory, a bot that lives."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.link import Timing
from adapters.discord.settings import DiscordSettings
from core.messages import ThreadRef
from tests.adapters.discord.fake_core import FakeCore, place
from tests.emulators.discord.server import TOKEN, DiscordServer
from tests.emulators.discord.world import Channel, Guild, User

QUICK = Timing(heartbeat_timeout_s=30.0, patience_s=30.0, identify_pause_s=0.05, first_pause_s=0.05)


@dataclass(slots=True)
class Town:
    """A server with a channel and two people, as most tests need it."""

    guild: Guild
    general: Channel
    anna: User
    ben: User
    bot: User

    @property
    def main(self) -> ThreadRef:
        return place(self.guild.id, self.general.id)

    def thread(self, message: str) -> ThreadRef:
        return place(self.guild.id, self.general.id, message)

    def mention(self, text: str) -> str:
        return f"<@{self.bot.id}> {text}"


Start = Callable[..., Awaitable[DiscordAdapter]]


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(speed=10) as server:
        yield server
    assert server.limits.violations == []


@pytest.fixture
def town(discord: DiscordServer) -> Town:
    world = discord.world
    guild = world.guild()
    return Town(guild, world.channel(guild), world.person("Anna"), world.person("Ben"), world.me)


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
async def start(discord: DiscordServer, core: FakeCore, town: Town) -> AsyncIterator[Start]:
    adapters: list[DiscordAdapter] = []

    async def start(*, token: str = TOKEN, wait: bool = True, **timing: float) -> DiscordAdapter:
        settings = DiscordSettings(api_url=discord.api_url, gateway_url=discord.gateway_url)
        adapter = DiscordAdapter(
            settings, token, door=core, window=core, places=core, guard=core, interval_s=0.2,
            timing=replace(QUICK, **timing),
        )  # fmt: skip
        core.adapter = adapter
        ready = discord.gateway.log.count("ready")
        adapters.append(adapter)
        await adapter.start()
        if wait:
            await discord.gateway.happened("ready", ready + 1)
            await discord.messages.until(lambda: discord.interactions.commands)
        return adapter

    yield start
    for adapter in adapters:
        await adapter.stop()


@pytest.fixture
async def bot(start: Start) -> DiscordAdapter:
    return await start()
