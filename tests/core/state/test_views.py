import pytest

from core.errors import BadRequest
from core.messages import Person
from core.messages.views import EntryLine
from core.state.entries import read_entry
from core.state.person import pin
from core.state.views import (
    LONGEST_SHOWN,
    entry_text,
    pinned_lines,
    state_view,
)
from tests.core.state.board import Board, add, append, include, patch, put, text, write


def text_of(board: Board, key: str) -> str:
    entry = read_entry(board.tx, key)
    assert entry is not None
    return entry_text(entry)


def test_the_state_shows_entries_and_files_with_who_wrote_them(board: Board) -> None:
    board.job(1, put("k", {"a": "é"}), append("log", ["one", {"b": 2}]), write("f.sh", b"ab"))
    board.job(2, put("k", 1), write("f.sh", b"c"), base=0)
    view = state_view(board.tx)
    author = "job 1, asked by Ann"
    assert (view.commit, view.newest, view.at, view.more) == (2, 2, 1.0, False)
    assert view.entries == (
        EntryLine(
            key="k", kind="value", value='{"a":"é"}', commit=1, author=author, at=1.0,
            conflicted=True, job=1, about=author,
        ),
        EntryLine(
            key="log", kind="log", value='one\n{"b":2}', commit=1, author=author, at=1.0,
            job=1, about=author,
        ),
    )  # fmt: skip
    assert view.files == (
        EntryLine(
            key="f.sh", kind="file", value="2 bytes", commit=1, author=author, at=1.0,
            conflicted=True, job=1, about=author,
        ),
    )  # fmt: skip
    assert state_view(board.tx, "k", 0).entries == ()


def test_a_past_state_is_shown_as_it_was_without_what_is_of_now(board: Board) -> None:
    board.job(1, put("k", "a"), write("f", b"1"))
    board.job(2, put("k", "b"), base=0)
    pin(board.tx, "k", Person(id="u2", name="Ben"), 1.0)
    board.set("new", "x")
    (now, _) = state_view(board.tx).entries
    assert (now.conflicted, now.pinned, now.pinned_by) == (True, True, "Ben")
    then = state_view(board.tx, at=2, words="yesterday")
    assert (then.commit, then.newest, then.words) == (2, 3, "yesterday")
    (entry,) = then.entries
    assert (entry.key, entry.conflicted, entry.pinned, entry.pinned_by) == ("k", False, False, "")
    assert state_view(board.tx, at=0).at is None
    with pytest.raises(BadRequest, match="there is no commit 4; the newest is 3"):
        state_view(board.tx, at=4)


def test_a_state_of_very_many_keys_says_that_there_are_more(board: Board) -> None:
    board.job(1, *(put(f"k{n:04}", n) for n in range(1000)))
    assert not state_view(board.tx).more
    board.set("last", "x")
    view = state_view(board.tx)
    assert (view.more, len(view.entries)) == (True, 1000)
    assert not state_view(board.tx, "k0").more


def test_a_text_is_shown_as_it_is_and_a_record_as_an_object(board: Board) -> None:
    board.job(1, text("note", 'two\n"lines"\n'), patch("rec", b=2, a="x"))
    assert text_of(board, "note") == 'note (text):\ntwo\n"lines"\n'
    assert text_of(board, "rec") == 'rec = {"a":"x","b":2}'


def test_an_entry_is_told_in_plain_words(board: Board) -> None:
    board.job(1, put("k", "x"), add("n", 1.5), append("log", ["a", "b"]), include("tags", ["x"]))
    assert text_of(board, "k") == 'k = "x"'
    assert text_of(board, "n") == "n = 1.5"
    assert text_of(board, "log") == "log (log, 2 lines):\na\nb"
    assert text_of(board, "tags") == "tags (set, 1 element):\nx"


def test_what_is_shown_of_an_entry_is_bounded(board: Board) -> None:
    board.job(1, put("k", "x" * 100_000), append("log", [f"{n} {'y' * 500}" for n in range(900)]))
    assert len(text_of(board, "k")) < LONGEST_SHOWN + 100
    log = text_of(board, "log")
    assert len(log) < LONGEST_SHOWN + 100
    assert "older lines)" in log
    assert log.splitlines()[-1].startswith("899 ")


def test_pinned_lines_say_who_wrote_them(board: Board) -> None:
    board.set("k", "x")
    pin(board.tx, "k", Person(id="u2", name="Ben"), 1.0)
    assert pinned_lines(board.tx) == ['k = "x" (by Ann)']
