from core.messages import Person
from core.state.history_text import origin_lines
from core.state.person import pin
from core.state.provenance import Pin, origin, pin_of
from tests.core.state.board import BEN, Board, add, append, delete, patch, put, text, write


def makers(board: Board, key: str, at: int | None = None) -> list[tuple[int, str]]:
    found = origin(board.tx, "entry", key, board.head if at is None else at)
    assert found is not None
    return [(info.number, wish) for info, wish in found.makers]


def test_a_value_comes_from_its_last_writer_with_job_base_and_time(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(4, put("k", "b"))
    found = origin(board.tx, "entry", "k", 2)
    assert found is not None
    last = found.last
    assert (last.number, last.author.job, last.base, last.at, found.makers) == (2, 4, 1, 1.0, ())
    before = origin(board.tx, "entry", "k", 1)
    assert before is not None
    assert before.last.author.job == 1


def test_a_file_comes_from_its_last_writer(board: Board) -> None:
    board.job(3, write("f", b"x"))
    found = origin(board.tx, "file", "f", 1)
    assert found is not None
    assert found.last.author.job == 3
    assert origin(board.tx, "entry", "f", 1) is None


def test_what_many_made_names_the_newest_and_counts_all(board: Board) -> None:
    for number in range(1, 9):
        board.job(number, add("n", number))
    found = origin(board.tx, "entry", "n", 8)
    assert found is not None
    assert found.count == 8
    assert makers(board, "n") == [(8, "+ 8"), (7, "+ 7"), (6, "+ 6"), (5, "+ 5"), (4, "+ 4")]
    assert makers(board, "n", at=2) == [(2, "+ 2"), (1, "+ 1")]


def test_records_texts_and_files_name_all_who_made_them(board: Board) -> None:
    board.job(1, patch("r", a=1), text("t", "one\n"), write("f", b"one\n"))
    board.job(2, patch("r", b=2), text("t", "one\ntwo\n"), write("f", b"one\ntwo\n"))
    assert makers(board, "r") == [(2, "b = 2"), (1, "a = 1")]
    assert [number for number, _ in makers(board, "t")] == [2, 1]
    file = origin(board.tx, "file", "f", 2)
    assert file is not None
    assert (file.last.number, file.count) == (2, 2)


def test_undone_and_former_writes_made_nothing_of_it(board: Board) -> None:
    board.job(1, append("l", ["old"]))
    board.job(2, delete("l"))
    board.job(3, append("l", ["one"]))
    fourth = board.job(4, append("l", ["two"]))
    undone = board.undo(fourth.commit)
    assert makers(board, "l") == [(3, "+1 line")]
    assert makers(board, "l", at=4) == [(4, "+1 line"), (3, "+1 line")]
    board.undo(undone.commit)
    assert makers(board, "l") == [(4, "+1 line"), (3, "+1 line")]


def test_what_waits_in_a_conflict_made_nothing_of_it(board: Board) -> None:
    board.job(1, text("t", "one\n"))
    board.job(2, text("t", "two\n"))
    board.job(3, text("t", "three\n"), base=1)
    assert [number for number, _ in makers(board, "t")] == [2, 1]


def test_nothing_comes_from_nobody(board: Board) -> None:
    board.job(1, put("k", 1))
    board.job(2, delete("k"))
    assert origin(board.tx, "entry", "k", 2) is None
    assert origin(board.tx, "entry", "k", 0) is None
    assert origin(board.tx, "entry", "never", 2) is None


def test_a_pin_has_its_person(board: Board) -> None:
    board.set("k", "x")
    pin(board.tx, "k", Person(id="u2", name="Ben"), 5.0)
    assert pin_of(board.tx, "k") == Pin(person="Ben", at=5.0)
    assert pin_of(board.tx, "other") is None


def test_it_is_told_in_sentences(board: Board) -> None:
    board.job(1, add("n", 1))
    board.set("n", "5", author=BEN)
    found = origin(board.tx, "entry", "n", 2)
    assert found is not None
    first, made, *lines, pinned = origin_lines(found, Pin(person="Ann", at=0.0))
    assert first.startswith("Last written by Ben, 1970-01-01 ")
    assert first.endswith(" in commit 2 (set n), based on commit 1.")
    assert made == "Made by 2 commits; the newest:"
    assert lines[0].startswith("- commit 2, 1970-01-01 ")
    assert lines[0].endswith(" Ben: + 4")
    assert pinned.startswith("Pinned by Ann, 1970-01-01 ")
