"""How long the event loop is kept from running, seen by a task that wants to run all the time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_PAUSE_S = 0.001


@dataclass(slots=True)
class Hold:
    """The longest time in ms between two runs of the task that was longer than its pause."""

    longest_ms: float = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Hold]:
    """Watch the loop while the context lasts."""
    hold = Hold()
    task = asyncio.create_task(_watch(hold), name="hold")
    await asyncio.sleep(2 * _PAUSE_S)
    try:
        yield hold
        await asyncio.sleep(2 * _PAUSE_S)
    finally:
        task.cancel()


async def _watch(hold: Hold) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_PAUSE_S)
        late = time.perf_counter() - began - _PAUSE_S
        hold.longest_ms = max(hold.longest_ms, late * 1000)
