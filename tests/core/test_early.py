"""What came before its message."""

from dataclasses import replace

from core.early import KEEP_S, MOST, Early
from core.messages import Deletion, Edit, ThreadRef
from tests.core.room import ADA, CHANNEL

THREAD = ThreadRef(channel=CHANNEL, thread="t")
EDIT = Edit(id="e", thread=THREAD, message_id="m", author=ADA, text="new", at=2.0)
GONE = Deletion(id="d", thread=THREAD, message_id="m", at=1.0)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_newest_change_is_taken_once() -> None:
    early, later = Early(Clock()), replace(EDIT, at=2.0, text="newer")
    for change in (EDIT, later, replace(EDIT, at=1.0)):
        early.put(change)
    assert early.holds(CHANNEL, "m")
    assert early.take(CHANNEL, "m") == later
    assert early.take(CHANNEL, "m") is None
    assert not early.holds(CHANNEL, "m")


def test_after_a_deletion_no_edit_counts() -> None:
    early = Early(Clock())
    for change in (EDIT, GONE, replace(EDIT, at=9.0)):
        early.put(change)
    assert early.take(CHANNEL, "m") == GONE


def test_what_waited_too_long_or_among_too_many_is_let_go() -> None:
    clock = Clock()
    early = Early(clock)
    for number in range(MOST + 1):
        early.put(replace(EDIT, message_id=str(number)))
    assert early.take(CHANNEL, "0") is None
    clock.now = KEEP_S
    assert early.take(CHANNEL, "1") is not None
    clock.now = KEEP_S + 1
    assert early.take(CHANNEL, "2") is None
