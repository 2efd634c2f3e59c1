import asyncio
import gc
import weakref

import pytest

from bot import interpreter


class Circle:
    """One object that refers to itself."""

    def __init__(self) -> None:
        self.me = self


async def test_what_is_left_in_circles_is_collected_after_a_while() -> None:
    gc.disable()
    sweeping = asyncio.create_task(interpreter.sweep(every_s=0.01))
    try:
        gone = asyncio.Event()
        weakref.finalize(Circle(), gone.set)
        async with asyncio.timeout(10):
            await gone.wait()
    finally:
        gc.enable()
        sweeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sweeping
