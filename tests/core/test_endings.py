"""What a job's end says of what has changed since it began, and running it again."""

from pathlib import Path

import pytest

from core.errors import NotAllowed
from core.jobs.job import Completed, Failed, FailureKind, Gathered
from core.messages import Post
from core.rights import Access, Who
from core.state.operations import Op, Operation
from core.state.reads import KeyRead, PrefixRead
from core.state.rules import Merging, Rule, Rules
from tests.core.room import BOB, Hands, Room, room, says, starts

READ = Gathered(reads=(KeyRead(key="target", commit=1),))
NOTE = "based on `target` = staging, now prod (set by Ada)"


async def started(here: Room, *titles: str) -> None:
    """Jobs that run while somebody changes what they have read."""
    await here.ask("m1", "/set target staging")
    here.script.replies = [starts(*titles), says("started")]
    await here.ask("m2", "do it")
    for number in range(1, len(titles) + 1):
        await here.hands.running(number)
    await here.ask("m3", "/set target prod")


async def drifted(here: Room) -> Post:
    """The result of job 1, which read what has changed since."""
    await started(here, "one")
    here.hands.gather[1] = READ
    here.hands.end(1, Completed(result="staging is fine"))
    return await here.platform.post("result:1")


def labels(post: Post) -> list[str]:
    return [button.label for button in post.buttons]


async def test_a_result_says_what_it_was_based_on_and_offers_to_run_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        result = await drifted(here)
        assert result.drift == (NOTE,)
        assert "Run again" in labels(result)
        card = here.platform.card(1)
        assert card is not None
        assert card.step == "Completed. Of what it read, something had changed by then."
        details = (await here.ask("m4", "/job 1")).text
        assert "something had changed" in details
        assert "staging, now prod" in details


async def test_a_result_of_which_nothing_has_changed_offers_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await started(here, "one", "two")
        await here.ask("m4", "/set target staging")
        here.hands.gather = {1: READ, 2: Gathered(reads=(KeyRead(key="other", commit=0),))}
        for number in (1, 2):
            here.hands.end(number)
            result = await here.platform.post(f"result:{number}")
            assert result.drift == ()
            assert "Run again" not in labels(result)
        card = here.platform.card(1)
        assert card is not None
        assert card.step == "Completed."


async def test_what_a_job_changes_itself_is_no_drift_but_what_another_merged_is(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await started(here, "one", "two")
        put = Operation(key="made", op=Op.PUT, argument=1)
        for number in (1, 2):
            here.hands.gather[number] = Gathered(
                operations=(put,), reads=(PrefixRead(prefix="made", commit=0),)
            )
        here.hands.end(1)
        assert (await here.platform.post("result:1")).drift == ()
        here.hands.end(2)
        assert (await here.platform.post("result:2")).drift == ("`made` has 1 key more: `made`",)


async def test_drift_of_a_job_that_failed_or_was_stopped_is_not_told(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await started(here, "one", "two")
        here.hands.gather = {1: READ, 2: READ}
        here.hands.end(1, Failed(kind=FailureKind.STEPS, reason="too long"))
        failed = await here.platform.post("result:1")
        await here.ask("m4", "/cancel 2")
        stopped = await here.platform.post("result:2")
        for post in (failed, stopped):
            assert post.drift == ()
            assert "Run again" in labels(post)


async def test_pressed_twice_it_runs_once_with_the_same_brief_and_is_told_what_changed(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        again = next(b for b in (await drifted(here)).buttons if b.label == "Run again")
        assert "Started job 2" in (await here.press("p1", again.action)).text
        first, second = here.hands.attempts[0], await here.hands.running(2)
        assert (second.brief, second.title) == (first.brief, first.title)
        assert second.base_commit > first.base_commit
        assert second.former is not None
        assert (second.former.number, second.former.result) == (1, "staging is fine")
        assert second.former.drift == (NOTE,)
        told = await here.press("p2", again.action, by=BOB)
        assert told.text == "Job 2 runs the brief of job 1 again already."
        here.hands.end(2)
        await here.platform.post("result:2")
        late = await here.press("p3", again.action)
        assert late.text == "Job 2 has run the brief of job 1 again."
        assert [button.action for button in late.buttons] == ["again.2"]
        assert len(here.hands.attempts) == 2


async def test_a_command_runs_it_once_at_a_time_and_as_often_as_wanted(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await drifted(here)
        assert "Started job 2" in (await here.ask("m4", "/run 1")).text
        await here.hands.running(2)
        assert "already" in (await here.ask("m5", "/run 1")).text
        here.hands.end(2)
        await here.platform.post("result:2")
        assert "Started job 3" in (await here.ask("m6", "/run 1")).text
        assert "It runs the brief of job 1 again." in (await here.ask("m7", "/job 3")).text


async def test_a_chain_of_runs_knows_only_the_last_and_its_brief_does_not_grow(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await drifted(here)
        brief = here.hands.attempts[0].brief
        for number in (2, 3, 4):
            await here.press(f"p{number}", f"again.{number - 1}")
            spec = await here.hands.running(number)
            assert spec.brief == brief
            assert spec.former is not None
            assert spec.former.number == number - 1
            here.hands.end(number, Completed(result=f"run {number}"))
            await here.platform.post(f"result:{number}")


async def test_who_may_not_use_the_bot_cannot_run_anything_again(tmp_path: Path) -> None:
    async with room(tmp_path, access=Access(who=Who.LISTED, people=frozenset({"ada"}))) as here:
        again = next(b for b in (await drifted(here)).buttons if b.label == "Run again")
        with pytest.raises(NotAllowed):
            await here.press("p1", again.action, by=BOB)
        assert len(here.hands.attempts) == 1


async def test_a_job_is_merged_by_the_rules_that_it_began_with(tmp_path: Path) -> None:
    largest = Rules(rules=(Rule(keys="peak", rule=Merging.MAX),))
    hands = Hands()
    hands.gather = {
        number: Gathered(operations=(Operation(key="peak", op=Op.PUT, argument=number),))
        for number in (1, 2, 3, 4)
    }
    async with room(tmp_path, rules=largest, hands=hands) as here:
        await started(here, "one", "two")
    async with room(tmp_path, hands=hands) as here:  # the rule is gone from the configuration
        here.script.replies = [starts("three", "four"), says("started")]
        await here.ask("m4", "two more")
        for number in (4, 3, 2, 1):
            await here.hands.running(number)
            here.hands.end(number)
            await here.platform.post(f"result:{number}")
        told = await here.platform.post("result:3")
        assert [line for line in told.receipt if "conflict #1" in line] != []
        told = await here.platform.post("result:1")
        assert told.receipt == ("`peak` stays 4 by the rule max; job 1 wanted 1; #1 is still open",)


async def test_a_word_that_came_after_a_job_had_finished_is_told_with_its_result(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await started(here, "one")
        await here.hands.running(1)
        await here.ask("m4", "/steer 1 use blue")
        await here.ask("m5", "/steer 1 no, use\nred")
        here.hands.gather[1] = Gathered(heard=1)
        here.hands.end(1)
        receipt = (await here.platform.post("result:1")).receipt
        assert receipt == ("came too late for the job: Ada: no, use red",)
