"""What tests of Slack share: the emulator, a core with a memory, the adapter between them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from tests.adapters.slack.fake_core import FakeCore, FakePlaces
from tests.emulators.slack import Human, SlackServer
from tests.emulators.slack.server import APP_TOKEN, BOT_TOKEN

SECOND = 0.02


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def places() -> FakePlaces:
    return FakePlaces()


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(SECOND) as slack:
        yield slack


@pytest.fixture
def settings(slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> SlackSettings:
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "the-secret")
    return SlackSettings(api_url=slack.api_url, port=0)


class Running:
    """Starts adapters and stops them at the end. `again` is a restart of the bot."""

    def __init__(self, settings: SlackSettings, core: FakeCore, places: FakePlaces) -> None:
        self._settings = settings
        self._core = core
        self._places = places
        self.started: list[SlackAdapter] = []

    async def again(
        self, settings: SlackSettings | None = None, second: float = SECOND
    ) -> SlackAdapter:
        adapter = SlackAdapter(
            settings or self._settings, self._core, self._core, self._places, self._core, second
        )
        self.started.append(adapter)
        self._core.adapter = adapter
        await adapter.start()
        return adapter

    async def stop(self) -> None:
        while self.started:
            await self.started.pop().stop()


@pytest.fixture
async def running(
    settings: SlackSettings, core: FakeCore, places: FakePlaces
) -> AsyncIterator[Running]:
    running = Running(settings, core, places)
    yield running
    await running.stop()


async def connected(slack: SlackServer, count: int = 1) -> None:
    """Return when so many sockets are open."""
    async with asyncio.timeout(60):
        while slack.socket.connections < count:
            await slack.socket.arrived.wait()


@pytest.fixture
async def adapter(running: Running, slack: SlackServer) -> SlackAdapter:
    adapter = await running.again()
    await connected(slack)
    return adapter


@pytest.fixture
def anna(slack: SlackServer) -> Human:
    return Human(slack)


@pytest.fixture
def ben(slack: SlackServer) -> Human:
    return Human(slack, "U0BEN")
