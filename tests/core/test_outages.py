import asyncio

from core.outages import Outage


async def resting(outage: Outage) -> asyncio.Task[None]:
    """Somebody who rests for an hour."""
    task = asyncio.create_task(outage.rest(3600.0))
    await asyncio.sleep(0)
    return task


async def test_what_is_taken_after_many_failures_wakes_all_who_rest() -> None:
    outage = Outage()
    sleepers = [await resting(outage) for _ in range(5)]
    for _ in sleepers:
        outage.failed()
    outage.took()
    async with asyncio.timeout(60):
        await asyncio.gather(*sleepers)


async def test_one_thread_that_fails_is_not_woken_by_what_others_send() -> None:
    outage = Outage()
    sleeper = await resting(outage)
    for _ in range(10):
        outage.failed()
        outage.failed()
        outage.took()
    done, _ = await asyncio.wait([sleeper], timeout=0.2)
    assert not done
    sleeper.cancel()


async def test_a_rest_ends_by_itself_too() -> None:
    async with asyncio.timeout(60):
        await Outage().rest(0.01)


async def test_they_do_not_all_wake_at_the_same_moment() -> None:
    outage, woken = Outage(), list[float]()

    async def rest() -> None:
        await outage.rest(3600.0)
        woken.append(asyncio.get_running_loop().time())

    sleepers = [asyncio.create_task(rest()) for _ in range(50)]
    await asyncio.sleep(0)
    for _ in sleepers:
        outage.failed()
    outage.took()
    await asyncio.gather(*sleepers)
    assert max(woken) - min(woken) > 0.3
