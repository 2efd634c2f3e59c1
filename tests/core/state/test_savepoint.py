import pytest

from core.state.savepoint import savepoint
from tests.core.state.board import Board


def pins(board: Board) -> list[str]:
    return [key for (key,) in board.tx.execute("SELECT key FROM pins ORDER BY key")]


def add(board: Board, key: str) -> None:
    board.tx.execute("INSERT INTO pins VALUES (?, '', '', 0.0)", (key,))


def fail(board: Board, what: str) -> None:
    with savepoint(board.tx):
        board.tx.execute(what)
        raise KeyError


def test_an_error_takes_back_what_was_written_inside_only(board: Board) -> None:
    board.tx.execute("BEGIN IMMEDIATE")
    add(board, "before")
    with pytest.raises(KeyError):
        fail(board, "INSERT INTO pins VALUES ('inside', '', '', 0.0)")
    with savepoint(board.tx):
        add(board, "after")
    board.tx.execute("COMMIT")
    assert pins(board) == ["after", "before"]


def test_a_transaction_that_ended_inside_leaves_the_first_error(board: Board) -> None:
    board.tx.execute("BEGIN IMMEDIATE")
    with pytest.raises(KeyError):
        fail(board, "ROLLBACK")
