from core.state.history import commit_info, history
from tests.core.state.board import ANN, Board, add, put, write


def test_history_is_newest_first_and_pages(board: Board) -> None:
    for number in range(1, 6):
        board.job(number, put("k", number))
    assert [info.number for info in history(board.tx, limit=2)] == [5, 4]
    assert [info.number for info in history(board.tx, before=4, limit=2)] == [3, 2]
    assert history(board.tx, before=1) == ()
    assert history(board.tx, limit=-1) == ()


def test_a_keys_history_has_its_losers_and_undos(board: Board) -> None:
    first = board.job(1, put("k", "a"))
    board.job(2, put("other", 1))
    board.job(3, put("k", "b"), base=0)
    board.job(4, write("k", b"file"))
    undone = board.undo(first.commit)
    assert [info.number for info in history(board.tx, "k")] == [undone.commit, 4, 3, 1]
    assert history(board.tx, "K") == ()


def test_a_keys_history_has_the_undo_of_what_only_waited_there(board: Board) -> None:
    board.job(1, put("k", "a"))
    waits = board.job(2, put("k", "b"), base=0)
    board.job(3, put("other", 1))
    undone = board.undo(waits.commit)
    again = board.undo(undone.commit)
    numbers = [info.number for info in history(board.tx, "k")]
    assert numbers == [again.commit, undone.commit, 2, 1]
    assert [info.number for info in history(board.tx, "other")] == [3]


def test_a_commit_tells_who_when_why_and_what(board: Board) -> None:
    merged = board.job(7, add("n", 1))
    undone = board.undo(merged.commit)
    info = commit_info(board.tx, 1)
    assert info is not None
    assert (str(info.author), info.author.job, info.base, info.at) == (
        "job 7, asked by Ann", 7, 0, 1.0,
    )  # fmt: skip
    assert info.receipt == merged.receipt
    assert (info.undoes, info.undone_by) == (None, undone.commit)
    undo = commit_info(board.tx, undone.commit or 0)
    assert undo is not None
    assert (undo.author, undo.undoes) == (ANN, 1)
    assert undo.about == "undo of commit 1: job 7, asked by Ann"
    assert commit_info(board.tx, 3) is None
