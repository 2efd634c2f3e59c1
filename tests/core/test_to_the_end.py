import asyncio

import pytest

from core.to_the_end import to_the_end


async def test_to_the_end_is_not_stopped_by_cancelling_and_then_is_cancelled() -> None:
    allowed, through = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await allowed.wait()
        through.set()

    waiting = asyncio.create_task(to_the_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert through.is_set()
