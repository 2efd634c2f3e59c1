import asyncio

from core.jobs.job import Progress
from core.subagents.worker_pace import Pace


async def test_the_first_is_told_at_once_and_of_a_burst_only_the_last() -> None:
    told: asyncio.Queue[Progress] = asyncio.Queue()
    pace = Pace(told.put_nowait, interval_s=0.05)
    for number in range(100):
        pace.move(f"step {number}", number, 1)
    assert (await told.get()).step == "step 0"
    assert await told.get() == Progress(step="step 99", steps=99, tokens=100)
    assert told.empty()


async def test_the_last_is_told_at_the_end() -> None:
    told: list[Progress] = []
    pace = Pace(told.append, interval_s=1000)
    pace.move("one", 1, 0)
    pace.move("two", 2, 0)
    pace.close()
    assert [progress.step for progress in told] == ["one", "two"]


async def test_what_people_know_already_is_not_told_again() -> None:
    told: list[Progress] = []
    pace = Pace(told.append, interval_s=1000)
    pace.move("one", 1, 0)
    pace.move("", 1, 0)
    pace.close()
    assert len(told) == 1
