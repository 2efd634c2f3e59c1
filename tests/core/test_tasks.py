"""The owner of all asyncio tasks."""

import asyncio
from contextlib import suppress

import pytest

from core.errors import BadRequest, StoreError
from core.tasks import Tasks


async def test_what_is_to_be_finished_goes_on_when_its_caller_is_cancelled() -> None:
    tasks, go, done = Tasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    caller = asyncio.create_task(tasks.finish(work(), "work"))
    await asyncio.sleep(0)
    caller.cancel()
    with suppress(asyncio.CancelledError):
        await caller
    go.set()
    async with asyncio.timeout(60):
        await done.wait()
    await tasks.close()


async def test_what_is_finished_raises_to_its_caller() -> None:
    tasks = Tasks()

    async def work() -> None:
        raise BadRequest("no")

    with pytest.raises(BadRequest):
        await tasks.finish(work(), "work")
    await tasks.close()


async def test_after_the_end_nothing_starts_and_callers_are_told() -> None:
    tasks, ran = Tasks(), False

    async def work() -> None:
        nonlocal ran
        ran = True

    await tasks.close()
    tasks.spawn(work(), "work")
    with pytest.raises(StoreError, match="stopping"):
        await tasks.finish(work(), "work")
    assert not ran


async def test_closing_waits_until_all_have_ended() -> None:
    tasks, ended = Tasks(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("work")

    tasks.spawn(work(), "work")
    await asyncio.sleep(0)
    await tasks.close()
    assert ended == ["work"]
