"""A bot whose core has a memory, on a Telegram that is an emulator; both over real sockets."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from adapters.telegram.adapter import TelegramAdapter, Tempo
from adapters.telegram.pace import Limits
from adapters.telegram.settings import TelegramSettings
from tests.adapters.telegram.fakes import Core
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.server import TOKEN

FAST = Tempo(
    limits=Limits(
        chat_s=0.001, group=10_000, group_s=1.0, overall=10_000, overall_s=1.0, places=10_000
    ),
    poll_s=1,
    slack_s=1.0,
    first_wait_s=0.02,
    call_s=20.0,
    draft_s=0.02,
    press_s=0.2,
    album_s=0.1,
)

Make = Callable[..., TelegramAdapter]


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramServer]:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    async with TelegramServer() as server:
        yield server


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
async def make(server: TelegramServer, core: Core) -> AsyncIterator[Make]:
    made: list[TelegramAdapter] = []

    def build(tempo: Tempo = FAST, **settings: object) -> TelegramAdapter:
        fields = {"api_url": server.url} | settings
        adapter = TelegramAdapter(
            door=core,
            guard=core,
            window=core,
            places=core,
            settings=TelegramSettings(**fields),  # type: ignore[arg-type]
            tempo=tempo,
        )
        made.append(adapter)
        return adapter

    yield build
    for adapter in made:
        await adapter.stop()


@pytest.fixture
async def bot(make: Make) -> TelegramAdapter:
    adapter = make()
    await adapter.start()
    return adapter


@pytest.fixture
async def patient(make: Make) -> TelegramAdapter:
    """Waits long for what comes of a press."""
    adapter = make(replace(FAST, press_s=60.0))
    await adapter.start()
    return adapter
