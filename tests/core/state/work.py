"""How much SQLite works for something, in steps of its machine: unlike time always the same.
Tests nothing itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.core.state.board import Board

_EVERY = 1000


@dataclass(slots=True)
class Work:
    """Steps so far, in thousands."""

    thousands: int = 0


@contextmanager
def counted(board: Board) -> Iterator[Work]:
    """Count while the context lasts."""
    work = Work()

    def count() -> int:
        work.thousands += 1
        return 0

    board.tx.set_progress_handler(count, _EVERY)
    try:
        yield work
    finally:
        board.tx.set_progress_handler(None, _EVERY)
