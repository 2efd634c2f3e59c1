"""What lets a job in: room for its first calls, on all levels, held until it asks."""

from pathlib import Path

from core.jobs.budget import CALLS, OPENING
from core.jobs.job import Failed, FailureKind
from core.model.amounts import Limit
from core.model.pots import Limits
from tests.core.room import Room, room, says, starts

# What one job of `starts` must find room for: its brief is its title's, of one letter or so.
HELD = CALLS * (OPENING + 100 + 20)


async def started(here: Room, *titles: str) -> None:
    here.script.replies = [starts(*titles), says("started")]
    await here.ask("m1", "go")


async def test_a_job_that_the_day_has_no_room_for_is_not_started_and_the_chat_says_why(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, budgets=Limits(per_channel_day=Limit(tokens=5000))) as here:
        await started(here, "a")
        result = await here.platform.post("result:1")
        assert not here.hands.attempts
        for words in (
            "was not started", "5,000 tokens for this channel, today", "5,000 are left",
            "renews at midnight UTC", "An admin can raise it", "per\\_channel\\_day",
            "Nothing of it was merged",
        ):  # fmt: skip
            assert words in result.text


async def test_a_job_that_its_own_budget_cannot_carry_is_not_started(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m0", "/settings per_job 5000")
        await started(here, "a")
        assert "for this job" in (await here.platform.post("result:1")).text
        assert not here.hands.attempts


async def test_jobs_at_once_never_hold_more_than_there_is(tmp_path: Path) -> None:
    budgets = Limits(per_person_day=Limit(tokens=2 * HELD))
    async with room(tmp_path, budgets=budgets) as here:
        await started(here, "a", "b", "c")
        await here.hands.running(2)
        assert "was not started" in (await here.platform.post("result:3")).text
        assert "0 tokens of 32,480 tokens, 32,4" in (await here.ask("m2", "/budget")).text


async def test_an_end_lets_go_of_what_was_held(tmp_path: Path) -> None:
    budgets = Limits(per_person_day=Limit(tokens=HELD))
    async with room(tmp_path, budgets=budgets) as here:
        await started(here, "a")
        await here.hands.running(1)
        here.hands.end(1, Failed(kind=FailureKind.STEPS, reason="too many"))
        await here.platform.post("result:1")
        here.script.replies = [starts("b"), says("started")]
        await here.ask("m2", "go")
        await here.hands.running(2)
        await here.ask("m3", "/cancel 2")
        await here.platform.post("result:2")
        here.script.replies = [starts("c"), says("started")]
        await here.ask("m4", "go")
        await here.hands.running(3)


async def test_a_job_that_goes_on_after_a_start_is_not_asked_again(tmp_path: Path) -> None:
    budgets = Limits(per_person_day=Limit(tokens=HELD))
    async with room(tmp_path, budgets=budgets) as here:
        await started(here, "a")
        await here.hands.running(1)
    async with room(tmp_path, budgets=Limits(per_person_day=Limit(tokens=1))) as here:
        await here.hands.running(1)
