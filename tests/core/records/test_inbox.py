"""What is owed an answer."""

from dataclasses import replace

from core.messages import Message, Person, Press
from core.records import inbox
from core.state.database import Transaction
from tests.core.records.conftest import THREAD

ADA = Person(id="ada", name="Ada")
HELLO = Message(id="m1", thread=THREAD, author=ADA, text="hello \U0001f600", at=1.0)
PRESS = Press(id="m1", thread=THREAD, person=ADA, action="stop.1", at=2.0, text="why")


def test_an_event_is_kept_once_and_comes_back_as_it_was(tx: Transaction) -> None:
    assert inbox.accept(tx, HELLO)
    assert not inbox.accept(tx, HELLO)
    assert [owed.event for owed in inbox.owed(tx)] == [HELLO]


def test_a_press_and_a_message_of_the_same_id_are_two_events(tx: Transaction) -> None:
    assert inbox.accept(tx, HELLO)
    assert inbox.accept(tx, PRESS)
    assert [owed.event for owed in inbox.owed(tx)] == [HELLO, PRESS]


def test_a_closed_event_is_owed_no_more_and_closes_once(tx: Transaction) -> None:
    inbox.accept(tx, HELLO)
    assert inbox.close(tx, inbox.inbox_id(HELLO))
    assert not inbox.close(tx, inbox.inbox_id(HELLO))
    assert inbox.owed(tx) == ()
    assert not inbox.accept(tx, HELLO)


def test_what_is_owed_is_read_page_by_page(tx: Transaction) -> None:
    for number in range(5):
        inbox.accept(tx, replace(HELLO, id=f"m{number}"))
    first = inbox.owed(tx, limit=3)
    assert [owed.id for owed in first] == ["message:m0", "message:m1", "message:m2"]
    rest = inbox.owed(tx, after=first[-1].place, limit=3)
    assert [owed.id for owed in rest] == ["message:m3", "message:m4"]


def test_a_row_that_cannot_be_read_is_told_from_the_others(tx: Transaction) -> None:
    inbox.accept(tx, HELLO)
    inbox.accept(tx, PRESS)
    tx.execute("UPDATE inbox SET payload = '{' WHERE id = 'message:m1'")
    assert [owed.event for owed in inbox.owed(tx)] == [None, PRESS]
    assert inbox.find(tx, "message:m1") is None
    assert inbox.find(tx, "press:m1") == PRESS
    inbox.close(tx, "press:m1")
    assert inbox.find(tx, "press:m1") is None


def test_of_a_closed_event_only_the_id_is_kept(tx: Transaction) -> None:
    inbox.accept(tx, HELLO)
    inbox.close(tx, inbox.inbox_id(HELLO))
    assert tx.execute("SELECT payload FROM inbox").fetchone() == ("",)
    assert not inbox.accept(tx, HELLO)
