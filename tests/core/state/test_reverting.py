"""Undo of texts and text files: what others built on them stays."""

import pytest

from core.state.apply import Merged
from tests.core.state.board import Board, delete, put, remove, text, write

OLD = "".join(f"line {n}\n" for n in range(9))


def changed(number: int, word: str, old: str = OLD) -> str:
    return old.replace(f"line {number}\n", f"{word}\n")


@pytest.fixture
def built(board: Board) -> Board:
    """Three jobs, each knowing the one before, the last two in the same line."""
    board.job(1, text("k", OLD), write("f", OLD.encode()))
    for number, word in ((2, "two"), (3, "three")):
        board.job(number, text("k", changed(4, word)), write("f", changed(4, word).encode()))
    return board


def test_undoing_a_change_of_other_lines_keeps_what_came_after(board: Board) -> None:
    board.job(1, text("k", OLD))
    second = board.job(2, text("k", changed(1, "two")))
    third = changed(7, "three", changed(1, "two"))
    board.job(3, text("k", third))
    board.undo(second.commit)
    assert (board.value("k"), board.conflicts()) == (changed(7, "three"), ())
    assert board.folded() == board.everything()


def test_what_edits_the_undone_lines_stays_and_the_undo_waits(built: Board) -> None:
    built.undo(2)
    assert built.value("k") == changed(4, "three")
    assert built.file("f") == changed(4, "three").encode()
    assert {found.key: found.candidates for found in built.conflicts()} == {"f": (4,), "k": (4,)}
    assert built.folded() == built.everything()


def test_the_undo_that_waits_can_be_taken(built: Board) -> None:
    built.undo(2)
    for found in built.conflicts():
        assert isinstance(built.resolve(found.number, found.revision, 1), Merged)
    assert (built.value("k"), built.file("f")) == (OLD, OLD.encode())
    assert built.folded() == built.everything()


def test_undoing_the_undo_brings_everything_back(built: Board) -> None:
    before = built.everything()
    undone = built.undo(2)
    again = built.undo(undone.commit)
    assert built.everything() == before
    built.undo(again.commit)
    assert len(built.conflicts()) == 2
    assert built.folded() == built.everything()


def test_a_persons_word_elsewhere_in_the_text_does_not_silence_the_undo(built: Board) -> None:
    built.set("k", changed(8, "mine", changed(4, "three")))
    built.undo(2)
    assert built.value("k") == changed(8, "mine", changed(4, "three"))
    assert "k" in [found.key for found in built.conflicts()]
    assert built.folded() == built.everything()


def test_a_text_that_lost_for_reasons_of_its_own_loses_again_when_an_undo_is_undone(
    board: Board,
) -> None:
    board.set("k", OLD)
    board.job(1, text("k", changed(4, "one")), base=0)
    before = board.everything()
    undone = board.undo(1)
    assert board.value("k") == changed(4, "one")
    board.undo(undone.commit)
    assert (board.value("k"), board.everything()) == (OLD, before)


def test_undoing_the_beginning_of_a_text_asks_whether_it_shall_go(built: Board) -> None:
    built.undo(1)
    assert built.value("k") == changed(4, "three")
    found = next(one for one in built.conflicts() if one.key == "k")
    built.resolve(found.number, None, 1)
    assert built.value("k") is None


def test_undoing_the_only_write_is_undoing_all_of_it(board: Board) -> None:
    first = board.job(1, text("k", OLD), write("f", b"x"))
    board.undo(first.commit)
    assert (board.value("k"), board.file("f"), board.conflicts()) == (None, None, ())


def test_a_write_that_waits_is_withdrawn(board: Board) -> None:
    board.job(1, text("k", OLD))
    board.job(2, text("k", changed(4, "two")), base=1)
    third = board.job(3, text("k", changed(4, "three")), base=1)
    board.undo(third.commit)
    assert (board.value("k"), board.conflicts()) == (changed(4, "two"), ())


def test_undoing_the_winner_brings_back_the_loser(board: Board) -> None:
    board.job(1, text("k", OLD))
    second = board.job(2, text("k", changed(4, "two")), base=1)
    board.job(3, text("k", changed(4, "three")), base=1)
    board.undo(second.commit)
    assert (board.value("k"), board.conflicts()) == (changed(4, "three"), ())


def test_undoing_a_delete_whose_key_was_begun_anew_asks(board: Board) -> None:
    board.job(1, text("k", OLD))
    gone = board.job(2, delete("k"))
    board.job(3, text("k", "new\n"))
    board.undo(gone.commit)
    assert (board.value("k"), len(board.conflicts())) == ("new\n", 1)
    assert board.folded() == board.everything()


def test_a_job_that_began_before_the_undo_merges_with_what_it_left(built: Board) -> None:
    built.undo(2)
    built.job(9, text("k", changed(8, "nine", changed(4, "three"))), base=3)
    assert built.value("k") == changed(8, "nine", changed(4, "three"))
    assert built.folded() == built.everything()


def test_a_persons_later_edit_stays_where_it_is_and_the_rest_is_undone(board: Board) -> None:
    board.job(1, text("k", OLD))
    second = changed(1, "two", changed(4, "two"))
    board.job(2, text("k", second))
    board.set("k", second.replace("line 3\ntwo", "line 3\nmine"))
    board.undo(2)
    assert (board.value("k"), board.conflicts()) == (changed(4, "mine"), ())
    assert board.folded() == board.everything()


def test_a_text_that_replaced_a_value_goes_back_to_it(board: Board) -> None:
    board.job(1, put("k", 1))
    second = board.job(2, delete("k"), text("k", OLD))
    board.job(3, text("k", changed(2, "three")))
    board.undo(second.commit)
    assert board.value("k") == changed(2, "three")
    found = board.conflicts()[0]
    board.resolve(found.number, None, 1)
    assert board.value("k") == 1
    assert board.folded() == board.everything()


def test_binary_files_are_folded_as_values_are(board: Board) -> None:
    first = board.job(1, write("f", b"\0one"))
    board.job(2, write("f", b"\0two"))
    board.undo(first.commit)
    assert (board.file("f"), board.conflicts()) == (b"\0two", ())


def test_a_file_that_was_removed_after_the_undone_change_stays_removed(board: Board) -> None:
    board.job(1, write("f", OLD.encode()))
    second = board.job(2, write("f", changed(1, "x").encode()))
    board.job(3, remove("f"))
    board.undo(second.commit)
    assert (board.file("f"), board.conflicts()) == (None, ())
