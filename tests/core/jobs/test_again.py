from dataclasses import replace

from core.jobs.again import LONGEST_RESULT, former
from core.jobs.job import Cancelled, Completed, Failed, FailureKind, Former, JobState, Outcome
from core.messages import ThreadRef
from core.model.amounts import NO_LIMIT
from core.records.jobs import JobRow
from tests.core.room import ADA, CHANNEL

ROW = JobRow(
    number=3, id="j", thread=ThreadRef(channel=CHANNEL, thread="t"), title="a title", brief="do it",
    requester=ADA, message="m", state=JobState.ENDED, base_commit=1, base_message=1,
    rules_revision=0, attempt=1, budget=NO_LIMIT, again=2, stop_by=None, created_at=1.0,
    started_at=1.0, ended_at=2.0, step="", steps=1, tokens=1, cost=0, version=1, outcome=None,
)  # fmt: skip


def of(outcome: Outcome | None) -> Former | None:
    return former(replace(ROW, outcome=outcome))


def test_the_next_run_is_told_the_result_and_what_had_changed() -> None:
    told = of(Completed(result="staging is fine", drift=("based on x",)))
    assert told == Former(
        number=3,
        ended="Completed. Of what it read, something had changed by then.",
        result="staging is fine",
        drift=("based on x",),
        merged=True,
    )


def test_of_work_that_failed_or_was_stopped_it_is_told_why_and_that_nothing_was_merged() -> None:
    failed = of(Failed(kind=FailureKind.STEPS, reason="too many steps"))
    stopped = of(Cancelled(by="Ada"))
    assert failed == Former(
        number=3, ended="Failed: too many steps", result="", drift=(), merged=False
    )
    assert stopped is not None
    assert (stopped.ended, stopped.merged) == ("Stopped by Ada.", False)


def test_a_job_that_has_not_ended_tells_nothing_yet() -> None:
    assert of(None) is None


def test_a_long_result_is_cut() -> None:
    told = of(Completed(result="x" * 100_000))
    assert told is not None
    assert len(told.result) < LONGEST_RESULT + 20
    assert told.result.endswith("(cut here)")


def test_what_a_job_had_when_its_budget_ended_is_told_to_the_next() -> None:
    found = of(Failed(kind=FailureKind.BUDGET, reason="no tokens left", partial="Line 7 is wrong."))
    assert found is not None
    assert (found.result, found.merged) == ("Line 7 is wrong.", False)
