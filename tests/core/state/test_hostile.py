"""Deltas that are meaner than any model should write: taken right, or refused whole."""

import pytest

from core.errors import BadRequest
from core.state.files import find_file
from core.state.operations import FileChange, Operation
from core.state.resolution import Both, Stale, resolve
from core.state.validate import MOST_OPERATIONS
from tests.core.state.board import ANN, Board, add, append, patch, put, text, write

OLD = b"one\r\ntwo\r\nthree\r\nfour\r\nfive"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (put("k" * 10_000, 1), "10,000 bytes, at most 1,000"),
        (put("k", "x" * 50_000_000), "50,000,002 bytes, at most"),
        (text("k", "x" * 2_000_000), "put it into a file of the workspace"),
        (text("k", "half \ud800"), "half a surrogate pair"),
        (patch("k", a="x" * 2_000_000), "put it into a file of the workspace"),
        (patch("k", **{f"f{n}": n for n in range(1001)}), "more than 1,000 fields"),
        (patch("k", **{"x" * 201: 1}), "at most 200 bytes"),
        (write("f", b"x" * 50_000_001), "at most 50,000,000 are kept"),
        (write("a/../b", b"x"), "no path inside the workspace"),
    ],
)
def test_what_is_too_large_is_refused_with_all_that_came_with_it(
    board: Board, change: Operation | FileChange, why: str
) -> None:
    before = board.everything()
    with pytest.raises(BadRequest, match=why):
        board.job(1, put("other", 1), write("g", b"x"), change)
    assert (board.everything(), board.head) == (before, 0)


def test_a_delta_of_too_many_rows_is_refused_whole(board: Board) -> None:
    one = add("n", 1)
    with pytest.raises(BadRequest, match="has 1,000,000 changes, at most 200,000"):
        board.job(1, *([one] * 1_000_000))
    assert MOST_OPERATIONS == 200_000
    assert board.head == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        (OLD.replace(b"one", b"1"), OLD + b"\r\nsix", b"1\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix"),
        (OLD.replace(b"one", b"\xff\xfe"), OLD.replace(b"four", b"\xc3("),
         b"\xff\xfe\r\ntwo\r\nthree\r\n\xc3(\r\nfive"),
        (b"", OLD, b""), (OLD, b"", b""),
    ],
)  # fmt: skip
def test_bytes_line_endings_and_open_ends_are_kept(
    board: Board, ours: bytes, theirs: bytes, both: bytes
) -> None:
    board.job(1, write("f", OLD))
    board.job(2, write("f", ours), base=1)
    board.job(3, write("f", theirs), base=1)
    assert (board.file("f"), board.conflicts()) == (both, ())


def test_nothing_but_line_endings_is_a_change_of_every_line(board: Board) -> None:
    board.job(1, write("f", OLD))
    board.job(2, write("f", OLD.replace(b"\r", b"")), base=1)
    board.job(3, write("f", OLD.replace(b"one", b"1")), base=1)
    assert (board.file("f"), len(board.conflicts())) == (OLD.replace(b"\r", b""), 1)


def test_lines_that_look_like_markers_of_a_conflict_are_lines(board: Board) -> None:
    old = b"<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\nend\n"
    board.job(1, write("f", old))
    board.job(2, write("f", old.replace(b"a\n", b"x\n")), base=1)
    board.job(3, write("f", old.replace(b"end", b"fin")), base=1)
    assert board.file("f") == old.replace(b"a\n", b"x\n").replace(b"end", b"fin")
    board.job(4, write("f", old.replace(b"a\n", b"y\n")), base=1)
    assert board.file("f") == old.replace(b"a\n", b"x\n").replace(b"end", b"fin")
    board.resolve(1, None, 1)
    assert board.file("f") == old.replace(b"a\n", b"y\n").replace(b"end", b"fin")


def test_the_executable_bit_merges_beside_the_content(board: Board) -> None:
    board.job(1, write("f", OLD))
    board.job(2, write("f", OLD, executable=True), base=1)
    board.job(3, write("f", OLD + b"\r\nsix"), base=1)
    file = find_file(board.tx, "f")
    assert file is not None
    assert (board.file("f"), file.executable) == (OLD + b"\r\nsix", True)


def test_a_folder_in_the_place_of_a_file_waits_and_does_not_merge_half(board: Board) -> None:
    board.job(1, write("a", OLD))
    done = board.job(2, write("a/b", b"x"), write("c", b"y"), base=0)
    assert (board.file("a"), board.file("a/b"), board.file("c")) == (OLD, None, b"y")
    assert len(done.conflicts) == 1


@pytest.mark.parametrize("revision", [0, -1, 2, 10**18])
@pytest.mark.parametrize("choice", [0, 1, "typed", Both(candidate=1)])
def test_a_forged_or_stale_click_changes_nothing(
    board: Board, revision: int, choice: int | str | Both
) -> None:
    board.job(1, text("k", "a\n"))
    board.job(2, text("k", "b\n"), base=0)
    before = board.everything()
    end = resolve(board.tx, 1, revision, choice, ANN, 1.0, "press:1")
    assert isinstance(end, Stale)
    assert resolve(board.tx, 10**12, None, choice, ANN, 1.0, "press:2") == Stale(conflict=None)
    assert board.everything() == before


@pytest.mark.parametrize("choice", [-1, 2, 10**12, Both(candidate=0), Both(candidate=5)])
def test_a_choice_that_there_is_not_is_refused(board: Board, choice: int | Both) -> None:
    board.job(1, text("k", "a\n"))
    board.job(2, text("k", "b\n"), base=0)
    before = board.everything()
    with pytest.raises(BadRequest):
        resolve(board.tx, 1, 1, choice, ANN, 1.0, "press:1")
    assert board.everything() == before


def test_both_is_for_texts_alone(board: Board) -> None:
    board.job(1, put("k", "a"), append("log", "x"), text("t", "a\n"), write("f", b"1\n"))
    board.job(2, put("k", "b"), text("t", "b\n"), write("f", b"2\n"), base=0)
    by_key = {found.key: found.number for found in board.conflicts()}
    with pytest.raises(BadRequest, match="both cannot stand at once"):
        resolve(board.tx, by_key["k"], 1, Both(candidate=1), ANN, 1.0, "press:1")
    for key in ("t", "f"):
        resolve(board.tx, by_key[key], 1, Both(candidate=1), ANN, 1.0, f"press:{key}")
    assert (board.value("t"), board.file("f")) == ("a\nb\n", b"1\n2\n")
