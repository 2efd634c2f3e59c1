import pytest

from core.errors import BadRequest
from core.messages import Button
from core.state.commit_views import commit_view, history_view
from core.state.operations import Author, AuthorKind
from tests.core.state.board import Board, put

AGENT = Author(kind=AuthorKind.AGENT, person_id="u1", name="Ann")


def test_history_offers_undo_once(board: Board) -> None:
    merged = board.job(1, put("k", "a"))
    board.undo(merged.commit)
    undo, done = history_view(board.tx).lines
    assert undo.buttons == (Button(action="undo.2", label="Undo"),)
    assert (undo.lines, undo.undoes, undo.undone_by) == (("`k` is gone",), 1, None)
    assert (done.buttons, done.lines, done.undone_by) == ((), ('`k` = "a"',), 2)
    assert (done.job, undo.job, undo.author, undo.base) == (1, None, "Ann", 1)


def test_history_says_whether_there_are_older_commits(board: Board) -> None:
    for number in range(1, 4):
        board.job(number, put("k", number))
    assert history_view(board.tx, limit=2).more
    assert not history_view(board.tx, before=3, limit=2).more
    assert not history_view(board.tx, limit=3).more


def test_a_keys_history_has_what_each_commit_did_to_it_alone(board: Board) -> None:
    board.job(1, put("k", "a"), put("other", 1))
    board.job(2, put("k", ["b"]))
    newest, first = history_view(board.tx, "k").lines
    assert [(one.text, one.diff) for one in newest.changes] == [
        ('`k` "a" → ["b"]', ('-"a"', "+b")),
    ]
    assert [one.key for one in first.changes] == ["k"]
    assert history_view(board.tx).lines[0].changes == ()


def test_one_commit_comes_with_all_that_it_changed(board: Board) -> None:
    board.job(1, put("k", "a"), put("b", 1))
    board.job(2, put("k", "c"))
    view = commit_view(board.tx, 1)
    assert (view.line.commit, view.newest, view.beyond) == (1, 2, 0)
    assert [one.key for one in view.line.changes] == ["b", "k"]


def test_a_turn_says_which_message_it_answered(board: Board) -> None:
    for id, text in (("m1", "please   set k\n" + "x" * 200), ("m2", "and l")):
        board.tx.execute(
            "INSERT INTO messages (id, thread, author_id, author, text, at)"
            " VALUES (?, '', 'u1', 'Ann', ?, 1.0)",
            (id, text),
        )
        board.tx.execute(
            "INSERT INTO turns (id, message, thread, base, base_message, state, started_at)"
            " VALUES (?, ?, '', 0, 0, 'ended', 1.0)",
            (f"turn:{id}", f"message:{id}"),
        )
    board.merge(AGENT, put("k", 1), source="turn:m1")
    board.merge(AGENT, put("l", 1), source="turn:m2")
    board.set("mine", "1")
    mine, second, first = history_view(board.tx).lines
    assert (mine.asked, second.asked) == ("", "and l")
    assert first.asked.startswith("please set k xx")
    assert first.asked.endswith("x…")
    assert len(first.asked) <= 101


@pytest.mark.parametrize("number", [0, 2, 10**15])
def test_a_commit_that_is_not_there_is_refused(board: Board, number: int) -> None:
    board.set("k", "1")
    with pytest.raises(BadRequest, match="there is no commit"):
        commit_view(board.tx, number)


def test_what_is_too_old_or_was_forgotten_has_no_undo(board: Board) -> None:
    for number in range(1, 5):
        board.job(number, put("k", number))
    board.tx.execute("INSERT INTO pruned (one, floor, listed, operation) VALUES (1, 2, 2, 0)")
    board.tx.execute("UPDATE commits SET source = 'forget:1' WHERE number = 4")
    undoable = [line.commit for line in history_view(board.tx).lines if line.buttons]
    assert undoable == [3]
    with pytest.raises(BadRequest, match="there is no commit 99"):
        commit_view(board.tx, 99)
    # The state before commit 2 is gone, so what it changed cannot be shown; what it told can.
    whole = commit_view(board.tx, 2)
    assert (whole.line.changes, whole.line.lines) == ((), ("`k` 1 → 2",))
    assert commit_view(board.tx, 3).line.changes[0].text == "`k` 2 → 3"
