"""Questions of jobs as rows."""

from core.jobs.job import Asked
from core.records import jobs, questions
from core.state.database import Transaction
from tests.core.records.test_jobs import queued

WHERE = Asked(call="c1", text="Where?", choices=("a", "b"))


def waiting(tx: Transaction) -> int:
    number = queued(tx)
    jobs.start(tx, number, at=2.0, commit=0, message=0)
    assert jobs.wait(tx, number, steps=1, tokens=2, cost=3)
    return number


def test_the_same_call_asks_once(tx: Transaction) -> None:
    number = waiting(tx)
    first = questions.put(tx, number, WHERE, 9.0)
    assert questions.put(tx, number, WHERE, 99.0) == first
    assert (first.number, first.choices, first.expires_at) == (1, ("a", "b"), 9.0)
    second = questions.put(tx, number, Asked(call="c2", text="When?"), 9.0)
    assert [one.number for one in questions.of(tx, number)] == [1, second.number]


def test_a_question_has_one_answer(tx: Transaction) -> None:
    number = waiting(tx)
    questions.put(tx, number, WHERE, 9.0)
    assert questions.end(tx, number, 1, answer="a", by="Ada", at=3.0)
    assert not questions.end(tx, number, 1, answer=None, by="", at=4.0)
    assert [(one.answer, one.by) for one in questions.of(tx, number)] == [("a", "Ada")]


def test_jobs_that_wait_are_wanted_and_known_with_their_time(tx: Transaction) -> None:
    number = waiting(tx)
    questions.put(tx, number, WHERE, 9.0)
    found = questions.Waits(job=number, person="ada", until=9.0)
    assert questions.waiting(tx) == (found,)
    assert jobs.wanted(tx) == ((number, "ada"),)
    assert not jobs.start(tx, number, at=3.0, commit=0, message=0)
    assert jobs.go_on(tx, number)
    assert not jobs.go_on(tx, number)
    assert questions.waiting(tx) == ()


def test_a_job_that_is_to_stop_does_not_wait(tx: Transaction) -> None:
    number = queued(tx)
    jobs.start(tx, number, at=2.0, commit=0, message=0)
    jobs.ask_stop(tx, number, "Ada")
    assert not jobs.wait(tx, number, steps=0, tokens=0, cost=0)
