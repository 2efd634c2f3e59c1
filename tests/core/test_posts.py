"""What people are shown of a job's end."""

from core.jobs.job import Cancelled, Completed, Outcome
from core.messages import Post
from core.model.amounts import NO_LIMIT
from core.model.offline.words import SIGNED
from core.posts import outcome_whole, result_post, worth_again
from core.records import jobs
from core.records.jobs import NewJob
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL, THREAD
from tests.core.room import ADA


def shown(tx: Transaction, outcome: Outcome) -> Post:
    new = NewJob(
        id="j", thread=THREAD, title="a title", brief="do it", requester=ADA, message="m",
        rules_revision=0, budget=NO_LIMIT, at=1.0,
    )  # fmt: skip
    row = jobs.read(tx, CHANNEL, jobs.promise(tx, new))
    assert row is not None
    return result_post(row, outcome, 2.0, (), ())


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
