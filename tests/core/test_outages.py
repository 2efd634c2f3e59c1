import asyncio

import pytest
from structlog.testing import capture_logs

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
    outage.took("world")
    async with asyncio.timeout(60):
        await asyncio.gather(*sleepers)


async def test_one_thread_that_fails_is_not_woken_by_what_others_send() -> None:
    outage = Outage()
    sleeper = await resting(outage)
    for _ in range(10):
        outage.failed()
        outage.failed()
        outage.took("world")
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
    outage.took("world")
    await asyncio.gather(*sleepers)
    assert max(woken) - min(woken) > 0.3


def lines(outage: Outage, tries: int) -> list[tuple[object, object]]:
    """What the log says of so many failures: the event, and for how many tries it stands."""
    with capture_logs() as logged:
        for number in range(tries):
            outage.tell(thread=f"t{number}", item="i", error="gone")
            outage.failed()
    return [(line["event"], line.get("tries")) for line in logged]


async def test_a_long_outage_is_one_line_a_minute_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outage = Outage()
    few = [("not sent, will try again", None)] * 3
    assert lines(outage, 300) == [*few, ("nothing is sent now, will try again", 1)]
    monkeypatch.setattr(outage, "_line_at", 0.0)  # a minute later
    assert lines(outage, 300) == [("nothing is sent now, will try again", 297)]
    with capture_logs() as logged:
        outage.took("world")
    assert [line["platform"] for line in logged] == ["world"]
    assert lines(outage, 4) == [*few, ("nothing is sent now, will try again", 1)]
