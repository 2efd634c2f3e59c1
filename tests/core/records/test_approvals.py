from core.jobs.job import Asked, JobState, Leave
from core.messages import Person
from core.model.amounts import Limit
from core.records import approvals, jobs, questions
from core.records.jobs import NewJob
from core.state.database import Transaction
from tests.core.records.conftest import THREAD

ADA = Person(id="ada", name="Ada")
BOB = Person(id="bob", name="Bob")


def allowed(tx: Transaction, text: str, asker: Person, by: Person) -> int:
    """Have somebody allow what somebody's job wants; the approval's number."""
    number = jobs.promise(
        tx,
        NewJob(
            id=text, thread=THREAD, title="t", brief="b", requester=asker, message="message:m",
            rules_revision=0, budget=Limit(), at=1.0,
        ),
        JobState.RUNNING,
    )  # fmt: skip
    leave = Leave(tool="shell", digest=text, reason="r")
    row = questions.put(tx, number, Asked(call="c", text=text, leave=leave), 9e9)
    return approvals.put(tx, row, by, 2.0)


def texts(tx: Transaction) -> list[str]:
    return [row.text for row in approvals.newest(tx, 9)]


def test_the_same_is_allowed_once_and_again_after_it_was_withdrawn(tx: Transaction) -> None:
    assert allowed(tx, "rm a", ADA, BOB) == allowed(tx, "rm a", ADA, BOB) == 1
    assert approvals.withdraw(tx, 1, "Ada", 3.0)
    assert not approvals.withdraw(tx, 1, "Bob", 4.0)
    assert approvals.standing(tx, "rm a") is None
    assert not approvals.is_allowed(tx, "shell", "rm a")
    assert allowed(tx, "rm a", ADA, BOB) == 2
    assert approvals.is_allowed(tx, "shell", "rm a")
    assert not approvals.is_allowed(tx, "fetch", "rm a")


def test_who_allowed_and_withdrew_stays_known(tx: Transaction) -> None:
    allowed(tx, "rm a", ADA, BOB)
    approvals.withdraw(tx, 1, "Ada", 3.0)
    row = approvals.read(tx, 1)
    assert row is not None
    assert (row.by, row.at, row.job) == ("Bob", 2.0, 1)
    assert (row.withdrawn_by, row.withdrawn_at) == ("Ada", 3.0)


def test_what_quotes_what_is_forgotten_goes(tx: Transaction) -> None:
    allowed(tx, "rm secret", ADA, BOB)
    allowed(tx, "rm a", ADA, BOB)
    approvals.forget_quotes(tx, lambda text: "secret" in text)
    assert texts(tx) == ["rm a"]


def test_what_a_person_allowed_or_asked_for_goes_with_them(tx: Transaction) -> None:
    allowed(tx, "asked", ADA, BOB)
    allowed(tx, "allowed", BOB, ADA)
    allowed(tx, "neither", BOB, BOB)
    approvals.forget_person(tx, "ada")
    assert texts(tx) == ["neither"]
