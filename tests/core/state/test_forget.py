"""Keys and paths go with all that ever stood there, and what is left stands as before."""

from collections.abc import Callable

import pytest

from core.errors import BadRequest
from core.state import forget
from core.state.blobs import collect, orphans
from core.state.history import commit_info, history
from core.state.rules import Merging, Rule, Rules
from tests.core.state.board import ANN, Board, add, append, include, patch, put, text, write

TABLES = ("versions", "operations", "lines", "stamps", "losers", "entries", "blobs", "pins")


def forget_all(board: Board, name: str) -> None:
    while forget.forget_step(board.tx, name):
        pass
    found = orphans(board.tx)
    for place in range(len(found.blobs)):
        assert collect(board.tx, found, place)


def filled(board: Board) -> None:
    for number in range(1, 4):
        board.job(
            number, put("a.value", f"v{number}"), add("a.count", 1), append("a.log", f"l{number}"),
            include("a.tags", f"t{number}"), text("a.text", f"one\ntwo {number}\n"),
            patch("a.record", field=number), write("a.file", b"f%d" % number), put("b", number),
        )  # fmt: skip


def rows(board: Board) -> dict[str, int]:
    count = "SELECT count(*) FROM "
    return {table: board.tx.execute(count + table).fetchone()[0] for table in TABLES}


def test_what_there_is_under_a_beginning_is_counted(board: Board) -> None:
    filled(board)
    found = forget.find(board.tx, "a.*")
    assert found.keys == ("a.count", "a.log", "a.record", "a.tags", "a.text", "a.value")
    assert (found.files, found.versions, found.commits) == (("a.file",), 21, 3)
    assert found.jobs == (1, 2, 3)
    assert forget.find(board.tx, "a.").nothing


def test_of_a_forgotten_beginning_no_row_is_left_and_others_stand(board: Board) -> None:
    filled(board)
    forget_all(board, "a.*")
    assert forget.find(board.tx, "a.*").nothing
    left = rows(board)
    assert left == dict.fromkeys(TABLES, 0) | {"versions": 3, "operations": 3, "entries": 1}
    assert (board.value("b"), board.value("b", 2)) == (3, 2)
    assert board.folded() == board.everything()


def test_a_commit_that_wrote_a_forgotten_key_is_undone_as_far_as_its_others_go(
    board: Board,
) -> None:
    filled(board)
    forget_all(board, "a.*")
    board.undo(3)
    assert board.value("b") == 2
    assert board.value("a.value") is None


def test_a_forgotten_key_can_be_written_anew(board: Board) -> None:
    filled(board)
    forget_all(board, "a.value")
    board.job(9, put("a.value", "new"), base=1)
    assert board.value("a.value") == "new"
    assert board.folded() == board.everything()


def test_a_conflict_about_a_forgotten_key_is_closed_and_its_number_not_given_again(
    board: Board,
) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    forget_all(board, "k")
    assert board.conflicts() == ()
    board.job(3, put("other", "a"))
    board.job(4, put("other", "b"), base=2)
    assert [found.number for found in board.conflicts()] == [2]


def test_of_a_conflict_about_several_keys_the_others_go_on_waiting() -> None:
    board = Board(Rules(rules=(Rule(keys="pair.*", rule=Merging.TOGETHER),)))
    board.job(1, put("pair.a", 1))
    board.job(2, put("pair.a", 2), put("pair.b", 5), base=0)
    (before,) = board.conflicts()
    forget_all(board, "pair.a")
    (after,) = board.conflicts()
    assert (after.number, after.key) == (before.number, "pair.b")
    assert after.revision > before.revision
    board.resolve(after.number, after.revision, 1)
    assert (board.value("pair.b"), board.conflicts()) == (5, ())
    board.close()


def test_the_values_that_were_written_are_told_the_newest_first(board: Board) -> None:
    filled(board)
    assert forget.values(board.tx, "a.value")[:3] == ["v3", "v2", "v1"]
    assert forget.values(board.tx, "a.file") == []


def test_lines_of_receipts_and_words_about_it_go(board: Board) -> None:
    filled(board)
    tells: Callable[[str], bool] = lambda line: "`a." in line  # noqa: E731
    place: int | None = 0
    while place is not None:
        place = forget.receipts_step(board.tx, place, tells, lambda about: "job 2" in about)
    told = [line.text for info in history(board.tx) for line in info.receipt]
    assert "`a.value` (forgotten)" in told
    assert any(line.startswith("`b`") for line in told)
    assert not any("v3" in line or "l3" in line for line in told)
    about = [info.about for info in history(board.tx)]
    assert about.count("(forgotten)") == 1


def test_the_commit_that_says_what_was_forgotten_cannot_be_undone(board: Board) -> None:
    filled(board)
    number = forget.note(board.tx, "forgot a", ["`a` (forgotten)"], ANN, 1.0, "press:1")
    info = commit_info(board.tx, number)
    assert info is not None
    assert [line.text for line in info.receipt] == ["`a` (forgotten)"]
    with pytest.raises(BadRequest, match="cannot come back"):
        board.undo(number)


def test_a_closed_past_goes_whole_and_what_comes_after_it_stays(board: Board) -> None:
    filled(board)
    number = forget.note(board.tx, "forgot everything", [], ANN, 1.0, "press:1")
    forget.close_past(board.tx, number)
    board.job(7, put("fresh", 1))
    while forget.past_step(board.tx):
        pass
    while forget.commits_step(board.tx):
        pass
    assert board.value("fresh") == 1
    assert rows(board)["entries"] == 1
    assert [info.number for info in history(board.tx)] == [number + 1, number]
    with pytest.raises(BadRequest):
        board.undo(2)
