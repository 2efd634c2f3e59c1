"""Which changes are found, over a real store: a table, a property, and what it costs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.state.drift import drift
from core.state.entries import read_prefix
from core.state.files import list_files
from core.state.operations import FileChange, Operation
from core.state.reads import FileRead, FolderRead, KeyRead, PrefixRead, Read
from core.state.since import changed_since, files_since
from tests.core.state.board import (
    ANN,
    Board,
    add,
    append,
    delete,
    exclude,
    include,
    patch,
    put,
    remove,
    text,
    write,
)

Changed = Operation | FileChange
KEYS = ("v", "n", "tags", "log", "r", "t", "new")
START: tuple[Changed, ...] = (
    put("v", "old"),
    add("n", 1),
    include("tags", ["a", "b"]),
    append("log", ["one", "two"]),
    patch("r", x=1, y=2),
    text("t", "one\ntwo\n"),
    write("f", b"old"),
    write("d/g", b"old"),
)


def found(board: Board, base: int, reads: list[Read]) -> set[str]:
    return {change.key for change in changed_since(board.tx, base, reads)}


def everything() -> list[Read]:
    return [PrefixRead(prefix="", commit=1), FolderRead(path="")]


def each() -> list[Read]:
    """Every key and file by its name: no list of what has changed is made."""
    keys: list[Read] = [KeyRead(key=key, commit=1) for key in KEYS]
    return [*keys, *(FileRead(path=path, commit=1) for path in ("f", "d/g", "h"))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([put("v", "new")], {"v"}),
        ([put("v", "old")], set()),
        ([put("v", "new"), put("v", "old")], set()),
        ([delete("v")], {"v"}),
        ([delete("v"), put("v", "old")], set()),
        ([put("new", 1)], {"new"}),
        ([put("new", 1), delete("new")], set()),
        ([add("n", 2)], {"n"}),
        ([add("n", 2), add("n", -2)], set()),
        ([include("tags", "c")], {"tags"}),
        ([include("tags", "a")], set()),
        ([include("tags", "c"), exclude("tags", "a")], {"tags"}),
        ([exclude("tags", "a"), include("tags", "a")], set()),
        ([append("log", "three")], {"log"}),
        ([patch("r", x=2)], {"r"}),
        ([patch("r", x=2), patch("r", x=1)], set()),
        ([text("t", "one\n2\n")], {"t"}),
        ([write("f", b"new")], {"f"}),
        ([write("f", b"old", executable=True)], {"f"}),
        ([write("f", b"new"), write("f", b"old")], set()),
        ([remove("d/g")], {"d/g"}),
        ([write("h", b"")], {"h"}),
    ],
)
def test_what_differs_from_the_base_is_found_and_what_was_changed_back_is_not(
    board: Board, changes: list[Changed], expected: set[str]
) -> None:
    base = board.merge(ANN, *START).commit
    assert base is not None
    for change in changes:
        board.merge(ANN, change)
    assert found(board, base, everything()) == expected
    assert found(board, base, each()) == expected
    assert set(files_since(board.tx, base)) == expected & {"f", "d/g", "h"}


def test_an_undo_is_found_also_of_what_came_before_the_base_and_its_own_undo_takes_it_back(
    board: Board,
) -> None:
    board.merge(ANN, *START)
    commit = board.merge(ANN, put("v", "later"), append("log", "three")).commit
    base = board.head
    undone = board.undo(commit).commit
    assert found(board, base, everything()) == {"v", "log"}
    assert found(board, base, each()) == {"v", "log"}
    later = board.head
    board.undo(undone)
    assert found(board, base, everything()) == set()
    assert found(board, later, everything()) == found(board, later, each()) == {"v", "log"}


def test_a_log_with_as_many_lines_but_others_is_found(board: Board) -> None:
    first = board.merge(ANN, append("log", "one")).commit
    board.merge(ANN, append("log", "two"))
    base = board.head
    board.undo(first)
    board.merge(ANN, append("log", "three"))
    assert found(board, base, [KeyRead(key="log", commit=2)]) == {"log"}


def test_who_made_it_what_it_is_now_is_told(board: Board) -> None:
    base = board.merge(ANN, put("k", 1)).commit
    assert base is not None
    board.job(3, put("k", 2))
    (change,) = changed_since(board.tx, base, [KeyRead(key="k", commit=base)])
    assert change.by == "job 3, asked by Ann"


_names = st.sampled_from(["a", "a.x", "a.y", "b"])
_changes = st.one_of(
    st.builds(put, _names, st.integers(0, 2)),
    st.builds(add, _names, st.integers(-1, 1)),
    st.builds(append, _names, st.sampled_from("xy")),
    st.builds(include, _names, st.sampled_from("xy")),
    st.builds(exclude, _names, st.sampled_from("xy")),
    st.builds(delete, _names),
    st.builds(write, _names, st.sampled_from([b"", b"x"])),
    st.builds(remove, _names),
    st.integers(1, 12),  # undo that commit
)


def _apply(board: Board, change: Changed | int) -> None:
    number = change if isinstance(change, int) else 0
    entry = board.entry(change.key) if isinstance(change, Operation) else None
    if number:
        row = board.tx.execute("SELECT undone_by FROM commits WHERE number = ?", (number,))
        if row.fetchone() == (None,):
            board.undo(number)
    elif isinstance(change, Operation) and entry is not None and change.op not in ("put", "delete"):
        fits = {"add": "counter", "append": "log", "include": "set", "exclude": "set"}
        if entry.kind == fits[change.op]:
            board.merge(ANN, change)
    elif not isinstance(change, int):
        board.merge(ANN, change)


@settings(max_examples=60, deadline=None)
@given(st.lists(_changes, max_size=8), st.lists(_changes, max_size=8))
def test_there_is_a_note_exactly_where_what_was_read_is_not_the_same(
    before: list[Changed | int], after: list[Changed | int]
) -> None:
    board = Board()
    for change in before:
        _apply(board, change)
    base = board.head
    for change in after:
        _apply(board, change)
    reads: list[Read] = []
    for key in ("a", "a.x", "a.y", "b"):
        reads += [KeyRead(key=key, commit=1), FileRead(path=key, commit=1)]
        same = _seen(board, key, base) == _seen(board, key, board.head)
        told = drift([reads[-2]], changed_since(board.tx, base, [reads[-2]]))
        assert (told == ()) is same, (key, told)
        same = _file(board, key, base) == _file(board, key, board.head)
        told = drift([reads[-1]], changed_since(board.tx, base, [reads[-1]]))
        assert (told == ()) is same, (key, told)
    of_all = {(one.space, one.key) for one in changed_since(board.tx, base, reads)}
    assert of_all == {(one.space, one.key) for one in changed_since(board.tx, base, everything())}
    listed = drift(everything(), changed_since(board.tx, base, everything()))
    assert (listed == ()) is (_list(board, base) == _list(board, board.head))
    board.close()


def _seen(board: Board, key: str, at: int) -> object:
    entry = board.entry(key, at)
    return None if entry is None else (entry.kind, entry.value)


def _file(board: Board, path: str, at: int) -> object:
    return [(f.sha256, f.executable) for f in list_files(board.tx, path, at) if f.path == path]


def _list(board: Board, at: int) -> object:
    entries = [(entry.key, entry.kind, entry.value) for entry in read_prefix(board.tx, "", at)]
    return entries, [(file.path, file.size) for file in list_files(board.tx, "", at)]


def test_ten_thousand_reads_and_as_many_changes_cost_no_second(board: Board) -> None:
    keys = [f"k{n:05}" for n in range(10_000)]
    base = board.merge(ANN, *(put(key, 1) for key in keys)).commit
    assert base is not None
    board.merge(ANN, *(put(key, 2) for key in keys))
    reads: list[Read] = [KeyRead(key=key, commit=base) for key in keys]
    for some in (reads, [*reads, PrefixRead(prefix="k", commit=base)]):
        began = time.thread_time()
        notes = drift(some, changed_since(board.tx, base, some))
        assert time.thread_time() - began < 1.0
        assert notes[-1].startswith("and 9,98")


def test_what_was_not_touched_costs_nothing_however_much_there_is(board: Board) -> None:
    base = board.merge(ANN, *(put(f"k{n:05}", 1) for n in range(20_000))).commit
    assert base is not None
    board.set("k00007", "2")
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    board.tx.set_progress_handler(count, 100)
    assert found(board, base, everything()) == {"k00007"}
    assert steps < 20  # instructions of SQLite, in hundreds
