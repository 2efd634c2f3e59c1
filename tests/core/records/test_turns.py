"""Turns and their journal."""

from core.records import jobs, turns
from core.records.turns import TurnRow, TurnStep
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL
from tests.core.records.test_jobs import new

STEP = TurnStep(number=1, kind="tool", request="c1", response="done")


def begun(tx: Transaction, id: str = "turn:m1", base: int = 3, at: float = 1.0) -> TurnRow:
    return turns.begin(tx, id, "message:m1", "t", base, 0, at)


def test_a_turn_is_found_as_far_as_it_came(tx: Transaction) -> None:
    begun(tx)
    turns.add_step(tx, "turn:m1", STEP)
    assert begun(tx, base=9).steps == (STEP,)
    assert begun(tx).base == 3


def test_a_turn_that_has_done_nothing_yet_starts_from_what_is_there_by_now(tx: Transaction) -> None:
    begun(tx, base=3)
    again = begun(tx, base=9)
    assert (again.id, again.base) == ("turn:m1", 9)
    assert turns.bases(tx) == (9,)


def test_a_turn_that_begins_anew_is_another_one(tx: Transaction) -> None:
    begun(tx)
    turns.add_step(tx, "turn:m1", STEP)
    turns.end(tx, "turn:m1")
    again = begun(tx)
    assert (again.id, again.steps) == ("turn.2:m1", ())
    turns.add_step(tx, "turn:m1", STEP)
    assert begun(tx).steps == ()
    assert not turns.is_running(tx, "turn:m1")
    assert turns.running_about(tx, "message:m1") == "turn.2:m1"


def test_what_turns_under_way_began_with_is_known(tx: Transaction) -> None:
    begun(tx)
    assert turns.bases(tx) == (3,)
    turns.end(tx, "turn:m1")
    assert turns.bases(tx) == ()


def test_turns_that_ended_long_ago_go(tx: Transaction) -> None:
    begun(tx, "turn:old", at=1.0)
    turns.end(tx, "turn:old")
    begun(tx, "turn:new", at=9.0)
    assert turns.prune(tx, 10.0, 1)
    assert not turns.prune(tx, 10.0, 1)
    assert [id for id, _, _ in turns.running(tx)] == ["turn:new"]


def test_of_a_turn_that_is_given_up_nothing_is_kept(tx: Transaction) -> None:
    begun(tx)
    turns.add_step(tx, "turn:m1", STEP)
    number = jobs.promise(tx, new())
    turns.give_up(tx, "turn:m1", "message:m1")
    turns.add_step(tx, "turn:m1", STEP)
    assert tx.execute("SELECT count(*) FROM turn_steps").fetchone() == (0,)
    assert jobs.read(tx, CHANNEL, number) is None


def test_a_turn_that_is_given_up_takes_its_promised_jobs_with_it_and_words_to_them(
    tx: Transaction,
) -> None:
    turn = begun(tx)
    tx.execute("PRAGMA foreign_keys = ON")
    number = jobs.promise(tx, new())
    assert jobs.steer(tx, number, "turn:m1:1", "Ada", "be quick", 1.0)
    turns.give_up(tx, turn.id, "message:m1")
    assert jobs.read(tx, CHANNEL, number) is None
    assert jobs.steering(tx, number, 0) == ()
