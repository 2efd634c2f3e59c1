"""Timers of jobs that wait for an answer."""

import asyncio

from core.jobs.admission import Ticket
from core.jobs.waiting import Waiting
from tests.core.room import CHANNEL

ONE, TWO = (Ticket(channel=CHANNEL, number=number, person="ada") for number in (1, 2))


async def test_time_is_up_once_and_only_for_those_that_still_wait() -> None:
    over: asyncio.Queue[Ticket] = asyncio.Queue()
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, why: broken.append(why))
    waiting = Waiting(lambda: 100.0, over.put_nowait)
    waiting.add(ONE, 99.0)
    waiting.add(ONE, 100.0)
    waiting.add(TWO, 100.0)
    assert waiting.remove(ONE)
    assert not waiting.remove(ONE)
    assert await asyncio.wait_for(over.get(), 60) == TWO
    # A timer that was left running would find nothing to end.
    assert (over.empty(), broken) == (True, [])
    assert not waiting.remove(TWO)
