"""What people are shown of a job and of its end."""

from dataclasses import replace

import pytest

from core.jobs.job import (
    Cancelled,
    Completed,
    Failed,
    FailureKind,
    JobState,
    Outcome,
    Progress,
)
from core.messages import Post
from core.model.amounts import NO_LIMIT
from core.model.offline.words import SIGNED
from core.posts import card, outcome_whole, plain, result_post, worth_again
from core.records import jobs
from core.records.jobs import JobRow, NewJob
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL, THREAD
from tests.core.room import ADA


def job(tx: Transaction) -> JobRow:
    new = NewJob(
        id="j", thread=THREAD, title="a title", brief="do it", requester=ADA, message="m",
        rules_revision=0, budget=NO_LIMIT, at=1.0,
    )  # fmt: skip
    row = jobs.read(tx, CHANNEL, jobs.promise(tx, new))
    assert row is not None
    return row


def shown(tx: Transaction, outcome: Outcome) -> Post:
    return result_post(job(tx), outcome, 2.0, (), ())


@pytest.mark.parametrize(
    ("state", "word", "step"),
    [
        (JobState.QUEUED, "queued", "waiting for a free place"),
        (JobState.RUNNING, "running", "starting"),
        (JobState.WAITING, "waiting", "waiting for an answer"),
    ],
)
def test_the_card_of_a_job_says_where_it_stands_and_how_to_reach_it(
    tx: Transaction, state: JobState, word: str, step: str
) -> None:
    found = card(replace(job(tx), state=state))
    assert (found.state, found.step, found.cost) == (word, step, None)
    assert [one.action for one in found.buttons] == ["stop.1", "steer.1", "details.1"]


@pytest.mark.parametrize(
    ("outcome", "word", "step"),
    [
        (Completed(result="done"), "completed", "Completed."),
        (Failed(kind=FailureKind.STEPS, reason="too many"), "failed", "Failed: too many"),
        (Cancelled(by="Ada"), "cancelled", "Stopped by Ada."),
    ],
)
def test_the_card_of_an_ended_job_says_how_and_has_nothing_to_stop(
    tx: Transaction, outcome: Outcome, word: str, step: str
) -> None:
    found = card(replace(job(tx), state=JobState.ENDED, outcome=outcome, cost=7))
    assert (found.state, found.step, found.cost) == (word, step, 7)
    assert [one.action for one in found.buttons] == ["details.1"]


def test_what_a_job_is_doing_is_fresher_than_its_row_and_versions_only_grow(
    tx: Transaction,
) -> None:
    row = replace(job(tx), state=JobState.RUNNING, step="old", steps=1, tokens=10, cost=5)
    live = card(row, Progress(step="shell: ls", steps=2, tokens=20, cost=0), moves=3)
    assert (live.step, live.steps, live.tokens, live.cost) == ("shell: ls", 2, 20, None)
    assert card(row).version < live.version < card(replace(row, version=row.version + 1)).version


def test_any_text_can_stand_in_a_line_of_markdown() -> None:
    assert plain("a *b*\n[c](d) `e` <f> #1 | ~g~ _h_ \\") == (
        r"a \*b\* \[c\](d) \`e\` \<f\> \#1 \| \~g\~ \_h\_ \\"
    )


def test_a_result_of_the_offline_model_is_labelled_and_another_is_not(tx: Transaction) -> None:
    assert shown(tx, Completed(result=f"- Waited 3 s.\n\n{SIGNED}\n")).offline
    assert not shown(tx, Completed(result="- Waited 3 s.")).offline
    assert not shown(tx, Completed(result=f"It said: {SIGNED} Which is wrong.")).offline
    assert not shown(tx, Cancelled(by="Ada")).offline


def test_a_result_names_who_asked_its_job_and_its_files(tx: Transaction) -> None:
    post = shown(tx, Completed(result="done", files=("a.md",)))
    assert (post.text, post.mention, post.job, post.files) == ("done", ADA, 1, ("a.md",))


def test_what_changed_since_is_told_apart_from_what_was_merged(tx: Transaction) -> None:
    drift = ("based on `k` = 1, now 2 (set by Ada)",)
    post = shown(tx, Completed(result="done", drift=drift))
    assert (post.drift, post.receipt) == (drift, ())
    assert shown(tx, Cancelled(by="Ada")).drift == ()


def test_the_details_of_a_job_say_all_that_had_changed() -> None:
    assert outcome_whole(Completed(result="done")) == "Completed."
    assert outcome_whole(Cancelled(by="Ada")) == "Stopped by Ada."
    assert outcome_whole(Completed(result="done", drift=("a = 1, now 2", "b"))) == (
        "Completed. Of what it read, something had changed by then: a = 1, now 2; b."
    )


def test_running_again_is_offered_where_it_may_come_to_something_else() -> None:
    assert not worth_again(Completed(result="done"))
    assert worth_again(Completed(result="done", drift=("based on x",)))
    assert worth_again(Cancelled(by="Ada"))
