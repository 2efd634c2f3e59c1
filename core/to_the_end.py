"""Waits for work that must be brought to its end, also while being cancelled. Starts no other."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[object, object, T]) -> T:
    """Wait for `work` also while being cancelled; the cancellation goes on when it is through."""
    task = asyncio.create_task(work, name="to the end")
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()
