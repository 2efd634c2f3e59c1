import pytest

from core.errors import BadRequest
from core.state.apply import Merged
from core.state.operations import Json
from core.state.undo import undo
from tests.core.state.board import (
    ANN,
    Board,
    add,
    append,
    delete,
    exclude,
    include,
    put,
    remove,
    write,
)
from tests.core.state.work import counted


def test_undoing_a_merge_keeps_what_came_after_it(board: Board) -> None:
    first = board.job(1, add("n", 5), append("log", ["a", "b"]), include("tags", ["x", "y"]))
    board.job(2, add("n", 1), append("log", "c"), include("tags", "y"))
    undone = board.undo(first.commit)
    assert board.value("n") == 1
    assert board.value("log") == ["c"]
    assert board.value("tags") == ["y"]
    assert [line.text for line in undone.receipt] == [
        "`log` 3 lines → 1 line",
        "`n` 6 → 1",
        "`tags` 2 elements → 1 element",
    ]


def test_undoing_the_winner_brings_back_the_loser(board: Board) -> None:
    first = board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    board.undo(first.commit)
    assert (board.value("k"), board.conflicts()) == ("b", ())


def test_undoing_the_loser_closes_the_conflict(board: Board) -> None:
    board.job(1, put("k", "a"))
    second = board.job(2, put("k", "b"), base=0)
    board.undo(second.commit)
    assert (board.value("k"), board.conflicts()) == ("a", ())


def test_undoing_a_persons_write_brings_back_what_it_outranked(board: Board) -> None:
    by_hand = board.set("k", "mine")
    board.job(1, put("k", "theirs"), base=0)
    board.undo(by_hand.commit)
    assert board.value("k") == "theirs"


def test_undoing_a_resolution_opens_the_conflict_again(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    resolved = board.resolve(1, 1, 1)
    assert board.value("k") == "b"
    assert not board.conflicts()
    assert isinstance(resolved, Merged)
    board.undo(resolved.commit)
    (again,) = board.conflicts()
    assert (board.value("k"), again.candidates) == ("a", (2,))


def test_undoing_a_delete_brings_everything_back(board: Board) -> None:
    board.job(1, append("log", ["a", "b"]), include("tags", "x"), write("f", b"content"))
    gone = board.job(2, delete("log"), delete("tags"), remove("f"))
    assert board.value("log") is None
    board.undo(gone.commit)
    assert (board.value("log"), board.value("tags")) == (["a", "b"], ["x"])
    assert board.file("f") == b"content"


def test_undoing_an_exclusion_brings_the_element_back_unless_another_excluded_it(
    board: Board,
) -> None:
    board.job(1, include("tags", ["x", "y"]))
    second = board.job(2, exclude("tags", ["x", "y"]), base=1)
    board.job(3, exclude("tags", "y"), base=1)
    board.undo(second.commit)
    assert board.value("tags") == ["x"]


def test_an_undo_can_be_undone_again_and_again(board: Board) -> None:
    merged = board.job(1, add("n", 1), put("k", "a"))
    board.job(2, add("n", 10))
    commit, values = merged.commit, []
    for _ in range(4):
        commit = board.undo(commit).commit
        values.append((board.value("n"), board.value("k")))
    undone: tuple[Json, Json] = (10, None)
    assert values == [undone, (11, "a")] * 2


def test_a_chain_of_undos_says_what_the_first_one_undid(board: Board) -> None:
    commit = board.job(1, put("k", "a")).commit
    for _ in range(5):
        commit = board.undo(commit).commit
    rows = board.tx.execute("SELECT about FROM commits ORDER BY number DESC LIMIT 2").fetchall()
    assert rows == [("undo of commit 5: job 1, asked by Ann",),
                    ("undo of commit 4: job 1, asked by Ann",)]  # fmt: skip


def test_what_two_undos_undid_counts_only_when_both_are_undone(board: Board) -> None:
    board.job(1, append("log", "x"), add("n", 1))
    board.job(2, append("log", "x"), add("n", 10))
    board.undo(2)
    board.undo(3)
    board.undo(2)
    before = board.everything()
    again = board.undo(4)
    assert (board.value("n"), board.value("log")) == (1, ["x"])
    assert board.everything() == before == board.folded()
    board.undo(again.commit)
    assert board.everything() == before
    board.undo(5)
    assert (board.value("n"), board.value("log")) == (11, ["x", "x"])
    assert board.folded() == board.everything()


def test_a_commit_is_undone_only_once(board: Board) -> None:
    merged = board.job(1, put("k", "a"))
    board.undo(merged.commit)
    with pytest.raises(BadRequest, match="undone already, by commit 2"):
        board.undo(merged.commit)
    with pytest.raises(BadRequest, match="no commit 9"):
        board.undo(9)


def test_a_snapshot_before_the_undo_still_has_what_was_undone(board: Board) -> None:
    merged = board.job(1, append("log", "a"), include("tags", "x"), put("k", 1))
    board.undo(merged.commit)
    assert (board.value("log", 1), board.value("tags", 1), board.value("k", 1)) == (["a"], ["x"], 1)
    assert (board.value("log"), board.value("tags"), board.value("k")) == (None, None, None)


def test_a_job_that_saw_what_was_undone_merges_all_the_same(board: Board) -> None:
    first = board.job(1, add("n", 5), append("log", "a"))
    board.undo(first.commit)
    board.job(2, add("n", 1), append("log", "b"), base=1)
    assert (board.value("n"), board.value("log"), board.conflicts()) == (1, ["b"], ())


def test_an_undo_may_open_a_conflict(board: Board) -> None:
    board.job(1, put("k", "a"))
    person = board.set("k", "mine", base=1)
    board.job(2, put("k", "b"), base=1)
    board.job(3, put("k", "c"), base=1)
    assert board.conflicts() == ()
    undone = board.undo(person.commit)
    (found,) = board.conflicts()
    assert undone.conflicts == (found.number,)
    assert (board.value("k"), found.candidates) == ("b", (4,))


def test_an_undo_moves_an_open_conflict_and_raises_its_revision(board: Board) -> None:
    board.job(1, put("k", "a"))
    second = board.job(2, put("k", "b"), base=0)
    board.job(3, put("k", "c"), base=0)
    board.undo(second.commit)
    (found,) = board.conflicts()
    assert (found.number, found.revision, found.candidates) == (1, 3, (3,))


def test_a_file_does_not_come_back_where_a_folder_is_now(board: Board) -> None:
    board.job(1, write("a", b"x"))
    gone = board.job(2, remove("a"))
    board.job(3, write("a/b", b"y"))
    before = board.everything()
    with pytest.raises(BadRequest, match="a cannot come back while a/b is there"):
        board.undo(gone.commit)
    assert (board.everything(), board.head) == (before, 3)


def test_what_changed_nothing_is_no_last_change_after_an_undo(board: Board) -> None:
    board.job(1, add("n", 1))
    board.job(2, delete("n"), base=0)
    before = board.everything()
    board.undo(board.job(3, add("n", 1)).commit)
    assert board.everything() == before


def test_a_large_log_loses_one_jobs_lines_without_being_read(board: Board) -> None:
    board.job(1, append("log", "first"))
    board.job(2, append("log", [f"line {n}" for n in range(20_000)]))
    mine = board.job(3, append("log", ["mine"] * 3))
    seen: list[str] = []
    board.tx.set_trace_callback(seen.append)
    board.undo(mine.commit)
    board.tx.set_trace_callback(None)
    assert not [text for text in seen if "SELECT operation FROM lines" in text]
    entry = board.entry("log")
    assert entry is not None
    assert entry.size == 20_001
    assert isinstance(entry.value, list)
    assert entry.value[-1] == "line 19999"


def test_an_undo_is_done_once_for_one_press(board: Board) -> None:
    merged = board.job(1, add("n", 1))
    assert merged.commit is not None
    first = undo(board.tx, merged.commit, ANN, 1.0, "press:1")
    again = undo(board.tx, merged.commit, ANN, 1.0, "press:1")
    assert (again.already, again.commit) == (True, first.commit)


def test_a_write_that_came_to_nothing_is_not_the_newest_of_a_log_after_an_undo(
    board: Board,
) -> None:
    board.merge(ANN, append("log", "x"))
    board.job(1, append("log", "y"), delete("log"), base=0)
    before = board.everything()
    board.job(2, append("log", "z"))
    board.undo(3)
    assert board.everything() == before == board.folded()


def test_a_log_begun_anew_is_as_old_as_its_beginning_after_an_undo(board: Board) -> None:
    board.job(1, append("log", "x"))
    board.job(2, delete("log"), append("log", "y"))
    before = board.everything()
    board.job(3, append("log", "z"))
    board.undo(3)
    assert board.everything() == before == board.folded()


def test_undoing_thousands_of_lines_or_additions_looks_at_each_once(board: Board) -> None:
    lines: list[Json] = [f"line {n}" for n in range(3000)]
    for job in (1, 2):
        board.job(job, append("log", lines), *(add("n", 1) for _ in lines))
    with counted(board) as work:
        board.undo(2)
    log = board.entry("log")
    assert (log and log.size, board.value("n")) == (3000, 3000)
    assert work.thousands < 1000
