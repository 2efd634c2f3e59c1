import asyncio
import time

from bench.held import watched


async def test_a_loop_that_is_kept_from_running_is_noticed() -> None:
    async with watched() as hold:
        await asyncio.sleep(0.01)
        time.sleep(0.05)  # noqa: ASYNC251 - this is what is to be noticed
    assert hold.longest_ms > 40
