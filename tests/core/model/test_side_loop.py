"""Work on another thread's loop: results, errors, cancellation and the end."""

import asyncio
import threading
import time

import pytest

from core.model.side_loop import SideLoop


async def nothing() -> None:
    """Work that is none."""


async def name_of_thread() -> str:
    return threading.current_thread().name


async def fail() -> None:
    raise LookupError("lost")


async def test_work_runs_on_the_other_thread_and_its_result_comes_back() -> None:
    side = SideLoop("beside")
    assert await side.run(name_of_thread()) == "beside"
    with pytest.raises(LookupError, match="lost"):
        await side.run(fail())
    await side.close(nothing())
    assert "beside" not in [thread.name for thread in threading.enumerate()]


async def test_the_main_loop_goes_on_while_work_holds_the_other() -> None:
    async def hold() -> None:
        time.sleep(0.3)  # noqa: ASYNC251 - holding the loop is what is tried

    side = SideLoop("beside")
    held = asyncio.create_task(side.run(hold()))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not held.done()
    await held
    await side.close(nothing())


async def test_cancelling_a_call_cancels_its_work() -> None:
    ended = threading.Event()
    began = asyncio.Event()
    main = asyncio.get_running_loop()

    async def wait() -> None:
        main.call_soon_threadsafe(began.set)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    side = SideLoop("beside")
    call = asyncio.create_task(side.run(wait()))
    await began.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(ended.wait, 10)
    await side.close(nothing())


async def test_closing_ends_what_still_runs_and_then_does_the_last_thing() -> None:
    order: list[str] = []
    began = asyncio.Event()
    main = asyncio.get_running_loop()

    async def wait() -> None:
        main.call_soon_threadsafe(began.set)
        try:
            await asyncio.Event().wait()
        finally:
            order.append("work")

    async def last() -> None:
        order.append("last")

    side = SideLoop("beside")
    call = asyncio.create_task(side.run(wait()))
    await began.wait()
    await side.close(last())
    with pytest.raises(asyncio.CancelledError):
        await call
    assert order == ["work", "last"]
