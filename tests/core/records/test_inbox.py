"""What is owed an answer."""

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
