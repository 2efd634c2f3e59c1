"""A channel's jobs as rows."""

from core.jobs.job import Cancelled, Completed, JobState
from core.messages import ChannelRef, Person
from core.model.amounts import Limit
from core.records import jobs
from core.records.jobs import JobRow, NewJob
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL, THREAD

ADA = Person(id="ada", name="Ada")


def new(id: str = "j1", message: str = "message:m1") -> NewJob:
    return NewJob(
        id=id, thread=THREAD, title="a job", brief="do it", requester=ADA, message=message,
        rules_revision=0, budget=Limit(tokens=100), at=1.0,
    )  # fmt: skip


def row(tx: Transaction, number: int) -> JobRow:
    found = jobs.read(tx, CHANNEL, number)
    assert found is not None
    return found


def queued(tx: Transaction) -> int:
    number = jobs.promise(tx, new())
    jobs.queue_promised(tx, "message:m1")
    return number


def test_a_promise_made_twice_is_one_job(tx: Transaction) -> None:
    assert jobs.promise(tx, new()) == jobs.promise(tx, new()) == 1
    assert jobs.promise(tx, new("j2")) == 2
    assert jobs.count_for(tx, "message:m1") == 2


def test_a_promise_is_no_job_until_its_turn_commits(tx: Transaction) -> None:
    jobs.promise(tx, new())
    assert jobs.newest(tx, CHANNEL, 10) == ()
    assert not jobs.start(tx, 1, at=2.0, commit=0, message=0)
    assert jobs.queue_promised(tx, "message:m1") == (1,)
    assert jobs.queue_promised(tx, "message:m1") == ()
    assert row(tx, 1).state is JobState.QUEUED


def test_the_first_attempt_fixes_the_snapshot(tx: Transaction) -> None:
    number = queued(tx)
    assert jobs.start(tx, number, at=2.0, commit=7, message=70)
    assert jobs.start(tx, number, at=3.0, commit=9, message=90)
    started = row(tx, number)
    assert (started.base_commit, started.base_message, started.attempt) == (7, 70, 2)
    assert started.started_at == 2.0


def test_a_job_asked_to_stop_gets_no_attempt_and_one_end(tx: Transaction) -> None:
    number = queued(tx)
    assert jobs.ask_stop(tx, number, "Ada")
    assert not jobs.ask_stop(tx, number, "Bob")
    assert not jobs.start(tx, number, at=2.0, commit=0, message=0)
    assert jobs.end(tx, number, Cancelled(by="Ada"), at=3.0, steps=0, tokens=0)
    assert not jobs.end(tx, number, Completed(result="late"), at=4.0, steps=9, tokens=9)
    assert row(tx, number).outcome == Cancelled(by="Ada")
    assert jobs.wanted(tx) == ()


def test_words_to_a_job_come_once_and_in_order(tx: Transaction) -> None:
    number = queued(tx)
    assert jobs.steer(tx, number, "a", "Ada", "first", 1.0)
    assert jobs.steer(tx, number, "a", "Ada", "first", 1.0)
    assert jobs.steer(tx, number, "b", "Bob", "second", 2.0)
    words = jobs.steering(tx, number, 0)
    assert [(one.by, one.text) for one in words] == [("Ada", "first"), ("Bob", "second")]
    assert jobs.steering(tx, number, words[0].seq) == words[1:]


def test_an_ended_job_takes_no_words(tx: Transaction) -> None:
    number = queued(tx)
    jobs.end(tx, number, Completed(result="x"), at=3.0, steps=0, tokens=0)
    assert not jobs.steer(tx, number, "a", "Ada", "late", 4.0)


def test_wanted_jobs_are_those_that_wait_or_run(tx: Transaction) -> None:
    for name in ("j1", "j2", "j3"):
        jobs.promise(tx, new(name, name))
    jobs.queue_promised(tx, "j1")
    jobs.queue_promised(tx, "j2")
    jobs.start(tx, 2, at=2.0, commit=0, message=0)
    assert jobs.wanted(tx) == ((1, "ada"), (2, "ada"))
    assert jobs.wanted(tx, limit=1) == ((1, "ada"),)
    jobs.end(tx, 1, Completed(result="x"), at=3.0, steps=0, tokens=0)
    assert jobs.wanted(tx) == ((2, "ada"),)


def test_ids_of_jobs_tell_channels_apart_whose_names_run_together() -> None:
    one = ChannelRef(platform="p", workspace="a/b", channel="c")
    other = ChannelRef(platform="p", workspace="a", channel="b/c")
    assert str(one) == str(other)
    assert jobs.id_for(one, "message:m1", "0") != jobs.id_for(other, "message:m1", "0")
    assert jobs.id_for(one, "message:m1", "0") == jobs.id_for(one, "message:m1", "0")


def test_what_jobs_under_way_began_with_is_known(tx: Transaction) -> None:
    number = queued(tx)
    assert jobs.bases(tx) == ()
    jobs.start(tx, number, at=1.0, commit=7, message=0)
    assert jobs.bases(tx) == (7,)
    jobs.end(tx, number, Completed(result=""), at=2.0, steps=0, tokens=0)
    assert jobs.bases(tx) == ()


def test_words_to_jobs_that_ended_long_ago_go(tx: Transaction) -> None:
    number = queued(tx)
    jobs.steer(tx, number, "message:s1", "Ada", "blue", 1.0)
    assert not jobs.prune_steering(tx, 100.0, 1)
    jobs.end(tx, number, Completed(result=""), at=50.0, steps=0, tokens=0)
    assert not jobs.prune_steering(tx, 50.0, 1)
    assert len(jobs.steering(tx, number, 0)) == 1
    assert jobs.prune_steering(tx, 51.0, 1)
    assert jobs.steering(tx, number, 0) == ()


def test_a_number_is_never_given_twice(tx: Transaction) -> None:
    number = queued(tx)
    tx.execute("DELETE FROM jobs")
    assert queued(tx) == number + 1
