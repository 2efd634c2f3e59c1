"""Jobs from their place to their end."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import StoreError
from core.jobs.admission import Limits
from core.jobs.job import Completed, Gathered, JobSpec
from core.jobs.resting import MOST_RESTS
from core.jobs.supervisor import MOST_STARTING
from core.messages import ChannelRef, Trouble
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.operations import Op, Operation
from tests.core.room import CHANNEL, Hands, Room, room, says, starts

T = TypeVar("T")
ONE_PLACE = Limits(max_running=1, per_channel=1, per_person=1)


class Leaky(Hands):
    """An engine whose file cannot be written for the first `failures` attempts."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def gathered(self, job: JobSpec) -> Gathered:
        if len(self.attempts) <= self.failures:
            raise StoreError("no room on the disk for job.db")
        return await super().gathered(job)


class Counting(Channels):
    """The channels' files, and how many jobs at most have written their start at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.now = self.most = 0

    async def write(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        task = asyncio.current_task()
        if task is None or not task.get_name().startswith("job "):
            return await super().write(ref, function)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().write(ref, function)
        finally:
            self.now -= 1


async def started(here: Room, *titles: str) -> None:
    here.script.replies = [starts(*titles), says("started")]
    await here.ask(f"to start {titles[0]}", "go")


async def asked_to_stop(here: Room, number: int) -> None:
    """As a stop whose consequence in memory comes too late."""
    await here.channels.write(
        CHANNEL,
        lambda tx: tx.execute("UPDATE jobs SET stop_by = 'Ada' WHERE number = ?", (number,)),
    )


async def test_a_place_given_back_while_starting_goes_to_the_next(tmp_path: Path) -> None:
    async with room(tmp_path, limits=ONE_PLACE) as here:
        await started(here, "one", "two")
        await here.hands.running(1)
        await asked_to_stop(here, 1)
    async with room(tmp_path, limits=ONE_PLACE) as here:
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        await here.hands.running(2)


async def test_jobs_start_in_their_order_and_few_at_once(tmp_path: Path) -> None:
    async with room(tmp_path, limits=ONE_PLACE) as here:
        for first in range(1, 25, 3):
            await started(here, *(str(number) for number in range(first, first + 3)))
    many = Limits(max_running=24, per_channel=24, per_person=24)
    channels = Counting(tmp_path)
    async with room(tmp_path, limits=many, channels=channels) as here:
        await here.hands.running(24)
        assert [job.number for job in here.hands.attempts] == list(range(1, 25))
        assert channels.most == MOST_STARTING


async def test_jobs_that_wait_to_start_go_on_after_a_stop_of_the_bot(tmp_path: Path) -> None:
    many = Limits(max_running=6, per_channel=6, per_person=6)
    async with room(tmp_path, limits=many) as here:
        await started(here, "1", "2", "3")
        await started(here, "4", "5", "6")
    async with room(tmp_path, limits=many):
        await asyncio.sleep(0)
    async with room(tmp_path, limits=many) as here:
        for number in range(1, 7):
            await here.hands.running(number)


async def test_what_ended_before_its_stop_took_effect_is_not_merged(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await started(here, "one")
        await here.hands.running(1)
        await asked_to_stop(here, 1)
        put = Operation(key="a", op=Op.PUT, argument=1)
        here.hands.gather[1] = Gathered(operations=(put,))
        here.hands.end(1, Completed(result="done"))
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        assert (await here.ask("m2", "/state")).text == "There is nothing here yet."


async def test_a_job_whose_store_fails_for_a_while_rests_and_goes_on(tmp_path: Path) -> None:
    hands = Leaky(failures=2)
    async with room(tmp_path, hands=hands) as here:
        hands.end(1, Completed(result="done"))
        await started(here, "one")
        assert (await here.platform.post("result:1")).text == "done"
        assert [job.attempt for job in hands.attempts] == [1, 2, 3]
        troubles = [hint for hint in here.platform.hints if isinstance(hint, Trouble)]
        assert "Job 1 has to wait" in troubles[0].text


async def test_a_job_whose_store_fails_for_good_ends_with_the_reason(tmp_path: Path) -> None:
    hands = Leaky(failures=100)
    async with room(tmp_path, hands=hands) as here:
        hands.end(1, Completed(result="done"))
        await started(here, "one")
        assert "no room on the disk" in (await here.platform.post("result:1")).text
        assert len(hands.attempts) == MOST_RESTS + 1


async def test_a_resting_job_can_be_stopped(tmp_path: Path) -> None:
    hands = Leaky(failures=1)
    async with room(tmp_path, hands=hands, retry_s=60.0) as here:
        hands.end(1, Completed(result="done"))
        await started(here, "one")
        await here.platform.until(lambda: any(isinstance(h, Trouble) for h in here.platform.hints))
        await here.ask("m2", "/cancel 1")
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        assert len(hands.attempts) == 1


async def test_a_job_that_rests_is_not_taken_up_a_second_time(tmp_path: Path) -> None:
    hands = Leaky(failures=1)
    async with room(tmp_path, hands=hands, retry_s=60.0) as here:
        hands.end(1, Completed(result="done"))
        await started(here, "one")
        await here.platform.until(lambda: any(isinstance(h, Trouble) for h in here.platform.hints))
        await here.dispatcher.take_up(CHANNEL)
        assert "queued" not in (await here.ask("m2", "/jobs")).text
        assert len(hands.attempts) == 1


async def test_a_running_job_that_is_taken_up_is_not_wanted_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await started(here, "one")
        await here.hands.running(1)
        await here.dispatcher.take_up(CHANNEL)
        live = here.desk._jobs.live(CHANNEL, 1)
        assert live is not None
        assert not live.wanted


async def test_a_bug_of_the_engine_ends_one_job_and_is_told(tmp_path: Path) -> None:
    class Broken(Hands):
        async def gathered(self, job: JobSpec) -> Gathered:
            raise ZeroDivisionError

    hands = Broken()
    async with room(tmp_path, hands=hands) as here:
        hands.end(1, Completed(result="done"))
        await started(here, "one", "two")
        assert "internal error" in (await here.platform.post("result:1")).text
        await hands.running(2)
