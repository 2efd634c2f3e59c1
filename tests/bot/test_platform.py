"""One platform's life, with adapters that do what a platform at its worst does."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from bot.platform import Platform
from core.errors import DeliveryFailed, DeliveryRefused, ThawError
from core.messages import ChannelRef, Hint, Outbound, Post, PostKind, Seen, ThreadRef

THREAD = ThreadRef(channel=ChannelRef(platform="p", workspace="w", channel="c"), thread="t")
POST = Post(id="answer:1", thread=THREAD, kind=PostKind.ANSWER, text="hello", at=1.0)
SEEN = Seen(thread=THREAD, message_id="m")


@dataclass(slots=True)
class Told:
    """What an adapter says of itself."""

    connected: bool = True
    last_event: float | None = 12.5
    queue: int = 1
    sends: int = 2
    retries: int = 3
    throttled_s: float = 4.5
    problem: str = "none"


class Remembering:
    """An adapter that keeps what it was given; `gate` holds deliveries, `error` ends them."""

    def __init__(self) -> None:
        self.status = Told()
        self.delivered: list[Outbound] = []
        self.hints: list[Hint] = []
        self.life: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.error: Exception | None = None

    async def start(self) -> None:
        self.life.append("start")

    async def stop(self) -> None:
        self.life.append("stop")
        self.error = RuntimeError("the session is closed")
        self.gate.set()

    async def deliver(self, item: Outbound) -> None:
        self.begun.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.delivered.append(item)

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        self.life.append(f"warn {person} of {channel}: {error}")

    async def show(self, hint: Hint) -> None:
        if self.error is not None:
            raise self.error
        self.hints.append(hint)


async def served(adapter: Remembering) -> Platform:
    """A platform that is up."""
    platform = Platform("p", lambda: adapter)
    platform.start()
    await platform.deliver(POST)
    return platform


async def test_what_is_delivered_before_a_platform_is_up_waits_and_hints_are_lost() -> None:
    made, adapter = threading.Event(), Remembering()

    def make() -> Remembering:
        assert made.wait(60)
        return adapter

    platform = Platform("p", make)
    delivery = asyncio.create_task(platform.deliver(POST))
    platform.start()
    await platform.show(SEEN)
    assert (platform.health.connected, platform.health.problem) == (False, "it is just starting")
    made.set()
    await delivery
    await platform.show(SEEN)
    assert (adapter.delivered, adapter.hints) == ([POST], [SEEN])
    await platform.stop()
    assert adapter.life == ["start", "stop"]


async def test_one_that_fails_at_its_start_is_tried_again_until_it_comes_up() -> None:
    adapter = Remembering()
    ends: list[Exception] = [ThawError("no token"), ImportError("no library"), OSError("no net")]

    def make() -> Remembering:
        if ends:
            raise ends.pop(0)
        return adapter

    platform = Platform("p", make, first_wait_s=0.001)
    platform.start()
    await platform.deliver(POST)
    assert (ends, adapter.delivered) == ([], [POST])
    await platform.stop()


async def test_why_one_is_not_up_can_be_seen() -> None:
    again, go_on = asyncio.Event(), threading.Event()
    loop, tries = asyncio.get_running_loop(), 0

    def make() -> Remembering:
        nonlocal tries
        tries += 1
        if tries == 2:
            loop.call_soon_threadsafe(again.set)
            go_on.wait(60)
        raise ThawError("no token")

    platform = Platform("p", make, first_wait_s=0.001)
    platform.start()
    await again.wait()
    assert (platform.health.connected, platform.health.problem) == (False, "no token")
    go_on.set()
    await platform.stop()


async def test_a_start_that_hangs_is_given_up_and_tried_again() -> None:
    adapter, starts = Remembering(), 0

    async def start() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            await asyncio.Event().wait()

    adapter.start = start  # type: ignore[method-assign]
    platform = Platform("p", lambda: adapter, patience_s=0.05, first_wait_s=0.001)
    platform.start()
    await platform.deliver(POST)
    assert starts == 2
    await platform.stop()


async def test_its_health_is_what_the_adapter_says() -> None:
    platform = await served(Remembering())
    health = platform.health
    assert (health.name, health.connected, health.last_event) == ("p", True, 12.5)
    assert (health.queue, health.sends, health.retries) == (1, 2, 3)
    assert (health.throttled_s, health.problem) == (4.5, "none")
    await platform.stop()


async def test_a_hint_that_breaks_a_platform_s_library_breaks_nothing_else() -> None:
    adapter = Remembering()
    platform = await served(adapter)
    adapter.error = RuntimeError("a bug")
    await platform.show(SEEN)
    with pytest.raises(RuntimeError, match="a bug"):
        await platform.deliver(POST)
    await platform.stop()


async def test_a_delivery_under_way_comes_to_its_end_before_the_platform_is_left() -> None:
    adapter = Remembering()
    platform = await served(adapter)
    adapter.gate.clear()
    adapter.begun.clear()
    delivery = asyncio.create_task(platform.deliver(POST))
    await adapter.begun.wait()
    stopping = asyncio.create_task(platform.stop())
    await asyncio.sleep(0)
    with pytest.raises(DeliveryFailed, match="the bot stops"):
        await platform.deliver(POST)
    adapter.gate.set()
    await delivery
    await stopping
    assert adapter.delivered == [POST, POST]


async def test_a_delivery_that_is_cut_off_by_the_stop_is_no_bug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.platform._GRACE_S", 0.01)
    adapter = Remembering()
    platform = await served(adapter)
    adapter.gate.clear()
    adapter.begun.clear()
    delivery = asyncio.create_task(platform.deliver(POST))
    await adapter.begun.wait()
    await platform.stop()
    with pytest.raises(DeliveryFailed, match="the bot stops"):
        await delivery


@pytest.mark.parametrize("error", [DeliveryFailed("later"), DeliveryRefused("never")])
async def test_how_a_delivery_ends_is_passed_on(error: Exception) -> None:
    adapter = Remembering()
    platform = await served(adapter)
    adapter.error = error
    with pytest.raises(type(error)):
        await platform.deliver(POST)
    await platform.stop()


@pytest.mark.parametrize("broken", [True, False])
async def test_a_stop_that_hangs_or_breaks_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setattr("bot.platform._STOPPING_S", 0.01)
    adapter = Remembering()
    platform = await served(adapter)

    async def stop() -> None:
        if broken:
            raise RuntimeError("a bug")
        await asyncio.Event().wait()

    adapter.stop = stop  # type: ignore[method-assign]
    await platform.stop()


async def test_one_that_never_came_up_is_left_at_once() -> None:
    gate = threading.Event()

    def make() -> Remembering:
        gate.wait(60)
        raise ThawError("too late")

    platform = Platform("p", make)
    platform.start()
    await asyncio.sleep(0)
    await platform.stop()
    gate.set()
    assert platform.health.connected is False
