import asyncio
import threading
import time

import pytest

from bot import watchdog


class Told:
    """A log that can be awaited."""

    def __init__(self) -> None:
        self.lines = asyncio.Queue[tuple[str, str]]()
        self._loop = asyncio.get_running_loop()

    def warning(self, event: str, **fields: object) -> None:
        self._loop.call_soon_threadsafe(self.lines.put_nowait, (event, str(fields)))


async def test_a_held_loop_is_told_with_the_place_that_holds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told()
    monkeypatch.setattr(watchdog, "log", told)
    dog = watchdog.Watchdog(held_s=0.05, every_s=0.01)
    dog.start()
    await asyncio.sleep(0.05)
    time.sleep(0.4)  # noqa: ASYNC251 - that is what must be noticed
    async with asyncio.timeout(60):
        event, fields = await told.lines.get()
        assert event == "the event loop is held"
        assert "test_watchdog.py" in fields
        assert "test_a_held_loop" in fields
        assert (await told.lines.get())[0] == "the event loop goes on"
    dog.stop()
    assert dog.holds >= 1
    assert 0.1 < dog.longest_s <= dog.held_s


async def test_a_loop_that_runs_is_not_accused() -> None:
    dog = watchdog.Watchdog(held_s=5.0, every_s=0.01)
    dog.start()
    for _ in range(20):
        await asyncio.sleep(0.01)
    dog.stop()
    assert dog.holds == 0


async def test_it_ends_when_told_also_while_it_waits() -> None:
    dog = watchdog.Watchdog(every_s=3600.0)
    dog.start()
    dog.stop()
    await asyncio.to_thread(dog._thread.join, 10)
    assert dog._thread not in threading.enumerate()


async def test_an_idle_bot_is_asked_seldom_and_one_at_work_often() -> None:
    dog = watchdog.Watchdog()
    assert [dog._next(1.0, 0.0), dog._next(2.0, 0.0), dog._next(4.0, 0.0)] == [2.0, 4.0, 4.0]
    assert dog._next(4.0, 0.3) == dog._next(0.2, 0.3) == 0.2
    assert dog._next(4.0, 0.02) == dog._next(0.2, 0.02) == 1.0
