"""Small tasks that nobody waits for: what breaks is logged, and after the end nothing begins."""

import asyncio

from structlog.testing import capture_logs

from adapters.telegram.chores import Chores
from core.errors import DeliveryFailed


async def test_what_comes_after_the_end_does_not_begin() -> None:
    chores, begun = Chores(), list[str]()

    async def late() -> None:
        begun.append("late")

    await chores.end(1.0)
    with capture_logs() as logs:
        task = chores.spawn(late(), "late")
        await asyncio.wait([task])
    assert (task.cancelled(), begun, logs) == (True, [], [])


async def test_what_a_chore_begins_while_it_ends_does_not_outlive_the_end() -> None:
    chores, begun, forever = Chores(), list[str](), asyncio.Event()

    async def late() -> None:
        begun.append("late")

    async def last() -> None:
        try:
            await forever.wait()
        finally:
            chores.spawn(late(), "late")

    chores.spawn(last(), "last")
    await asyncio.sleep(0)
    await chores.end(0.0)
    await asyncio.sleep(0)
    assert begun == []


async def test_what_is_given_up_is_a_line_and_what_breaks_is_told_whole() -> None:
    chores = Chores()

    async def ends(error: Exception) -> None:
        raise error

    with capture_logs() as logs:
        given_up = chores.spawn(ends(DeliveryFailed("busy")), "busy")
        broken = chores.spawn(ends(KeyError("bug")), "bug")
        await asyncio.wait([given_up, broken])
    assert [(one["event"], one["chore"]) for one in logs] == [
        ("given up", "busy"),
        ("a chore broke", "bug"),
    ]
