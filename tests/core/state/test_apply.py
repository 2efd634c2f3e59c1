import json

import pytest

from core.errors import BadRequest
from core.state.files import find_file
from core.state.operations import Author, AuthorKind, Delta, FileChange, Op, Operation
from core.state.rules import Merging, Rule, Rules
from core.state.validate import MOST_OPERATIONS
from tests.core.state.board import (
    ANN,
    Board,
    add,
    append,
    delete,
    exclude,
    include,
    job_author,
    put,
    remove,
    write,
)

AGENT = Author(kind=AuthorKind.AGENT, person_id="u1", name="Ann")


def texts(board: Board, commit: int | None) -> list[str]:
    row = board.tx.execute("SELECT receipt FROM commits WHERE number = ?", (commit,)).fetchone()
    assert row is not None
    return [line["text"] for line in json.loads(row[0])]


def test_a_source_is_merged_once(board: Board) -> None:
    first = board.job(1, add("n", 1))
    second = board.job(1, add("n", 1))
    assert (first.already, second.already) == (False, True)
    assert second.receipt == first.receipt
    assert (board.value("n"), board.head) == (1, 1)


def test_a_source_that_only_met_conflicts_is_merged_once_too(board: Board) -> None:
    board.job(1, put("k", "a"))
    first = board.job(2, put("k", "b"), base=0)
    again = board.job(2, put("k", "b"), base=0)
    assert first.conflicts == again.conflicts == (1,)
    assert len(board.conflicts()[0].candidates) == 1


def test_nothing_to_merge_makes_no_commit(board: Board) -> None:
    assert board.job(1).commit is None
    assert board.head == 0


def test_jobs_on_one_snapshot_combine(board: Board) -> None:
    board.job(1, add("n", 2), append("log", "one"), include("tags", ["a", "b"]))
    board.job(3, add("n", 3), append("log", "three"), exclude("tags", "a"), base=0)
    board.job(2, add("n", 4), append("log", ["two", "more"]), include("tags", "c"), base=0)
    assert board.value("n") == 9
    assert board.value("log") == ["one", "two", "more", "three"]
    assert board.value("tags") == ["a", "b", "c"]
    assert board.conflicts() == ()


def test_the_receipt_has_a_line_for_each_key(board: Board) -> None:
    board.job(1, add("n", 3), put("deploy.target", "prod"), append("log", "x"))
    merged = board.job(
        4, add("n", 2), put("deploy.target", "staging"), append("log", "y"), include("t", "a"),
        base=0,
    )  # fmt: skip
    assert [line.text for line in merged.receipt] == [
        '`deploy.target` stays "prod"; job 4 wanted "staging": conflict #1',
        "`n` 3 + 2 = 5",
        "`log` +1 line",
        "`t` = 1 element",
    ]
    assert texts(board, merged.commit) == [line.text for line in merged.receipt]


def test_the_receipt_says_when_lines_went_in_above_others(board: Board) -> None:
    board.job(5, append("log", "five"))
    merged = board.job(2, append("log", "two"), base=0)
    assert merged.receipt[0].text == "`log` +1 line, above lines already shown"


def test_the_receipt_of_many_keys_is_bounded_and_begins_with_what_asks(board: Board) -> None:
    board.job(1, put("k.99", "mine"))
    merged = board.job(2, *(put(f"k.{n}", n) for n in range(100)), base=0)
    assert len(merged.receipt) == 30
    assert merged.receipt[0].conflict == 1
    assert merged.receipt[-1].text == "and 71 keys more"


def test_all_conflicts_of_a_merge_are_named_also_beyond_the_receipt(board: Board) -> None:
    board.job(1, *(put(f"k.{n}", "mine") for n in range(3000)))
    merged = board.job(2, *(put(f"k.{n}", "yours") for n in range(3000)), base=0)
    assert merged.conflicts == tuple(range(1, 3001))
    assert board.job(2).conflicts == merged.conflicts
    assert len(merged.receipt) == 30


def test_a_write_beside_an_open_conflict_says_that_it_is_still_open(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    merged = board.job(3, put("k", "c"))
    assert merged.receipt[0].text == '`k` "a" → "c"; #1 is still open'
    assert merged.conflicts == (1,)


def test_a_receipt_line_is_one_line_whatever_the_value(board: Board) -> None:
    merged = board.job(1, put("k", "a\nb\u2028c" * 100))
    (line,) = merged.receipt
    assert len(line.text) < 100
    assert len(line.text.splitlines()) == 1


def test_a_person_stands_and_the_jobs_write_can_still_be_taken(board: Board) -> None:
    board.set("k", "mine")
    merged = board.job(1, put("k", "theirs"), base=0)
    (line,) = merged.receipt
    assert line.text == '`k` stays "mine", set by Ann meanwhile; job 1 wanted "theirs"'
    assert line.take == merged.commit
    assert merged.conflicts == ()


def test_what_a_model_writes_in_a_turn_does_not_outrank_anybody(board: Board) -> None:
    board.job(1, put("k", "a"))
    merged = board.merge(AGENT, put("k", "b"), base=0)
    assert merged.conflicts == (1,)
    assert merged.receipt[0].text.startswith('`k` stays "a"; agent, asked by Ann wanted "b"')


def test_turns_that_began_together_come_out_in_one_order(board: Board) -> None:
    other = Board()
    for on, order in ((board, ("turn:a", "turn:b")), (other, ("turn:b", "turn:a"))):
        for source in order:
            on.merge(AGENT, append("log", source), base=0, source=source)
    assert board.value("log") == other.value("log")
    other.close()


def test_a_rule_decides_by_order_and_its_revision_is_kept(board: Board) -> None:
    board.rules = Rules(rules=(Rule(keys="k*", rule=Merging.LATEST),))
    board.job(7, put("k1", "seven"))
    merged = board.job(3, put("k1", "three"), base=0)
    assert board.value("k1") == "seven"
    assert merged.receipt[0].text == '`k1` stays "seven" by the rule latest; job 3 wanted "three"'
    assert board.tx.execute("SELECT rules FROM commits").fetchall() == [(1,), (1,)]


def test_a_later_job_raises_the_conflicts_revision(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    assert (board.conflicts()[0].number, board.conflicts()[0].revision) == (1, 1)
    board.job(3, put("k", "c"), base=0)
    assert (board.conflicts()[0].number, board.conflicts()[0].revision) == (1, 2)
    board.job(4, put("k", "d"))
    assert (board.conflicts()[0].revision, board.value("k")) == (3, "d")


def test_a_write_that_changes_nothing_in_a_conflict_leaves_its_revision(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    board.job(3, put("k", "b"), base=0)
    assert board.conflicts()[0].revision == 1


def test_files_replace_what_was_seen_and_ask_where_others_wrote(board: Board) -> None:
    board.job(1, write("a.txt", b"one"))
    board.job(2, write("a.txt", b"two"))
    merged = board.job(3, write("a.txt", b"three"), write("b.txt", b""), base=1)
    assert [line.text for line in merged.receipt] == [
        "`a.txt` stays 3 bytes; job 3 wanted 5 bytes: conflict #1",
        "`b.txt` new, 0 bytes",
    ]


def test_the_same_content_on_both_sides_is_no_conflict(board: Board) -> None:
    board.job(1, write("a.txt", b"one"))
    assert board.job(2, write("a.txt", b"one"), base=0).conflicts == ()
    assert board.job(3, write("a.txt", b"one", executable=True), base=0).conflicts == ()
    file = find_file(board.tx, "a.txt")
    assert file is not None
    assert file.executable


def test_a_file_in_the_place_of_a_folder_waits(board: Board) -> None:
    board.job(1, write("a/b", b"x"))
    assert board.job(2, write("a", b"y"), base=0).conflicts == (1,)
    assert board.job(3, write("a/b/c", b"y"), base=0).conflicts == (2,)


def test_a_folder_can_replace_a_file_that_the_same_job_deletes(board: Board) -> None:
    board.job(1, write("a", b"x"))
    assert board.job(2, remove("a"), write("a/b", b"y")).conflicts == ()


def test_a_folder_waits_when_the_delete_of_the_file_is_itself_in_conflict(board: Board) -> None:
    board.job(1, write("a", b"x"))
    board.job(2, write("a", b"changed"))
    merged = board.job(3, remove("a"), write("a/b", b"y"), base=1)
    assert len(merged.conflicts) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("", 1), "printable"),
        (put("a\nb", 1), "printable"),
        (put(" a", 1), "blanks"),
        (put("\ud800", 1), "printable"),
        (put("k" * 1001, 1), "1,000"),
        (put("k", float("nan")), "finite"),
        (put("k", "\ud800"), "surrogate"),
        (put("k", "x" * 1_000_001), "1,000,000"),
        (add("k", "1"), "needs a number"),
        (add("k", True), "needs a number"),
        (add("k", float("inf")), "needs a number"),
        (add("k", 10**31), "needs a number"),
        (append("k", []), "needs a value"),
        (include("k", {"a": 1}), "elements of a set"),
        (include("k", "x" * 1001), "1,000 bytes"),
        (Operation(key="k", op=Op.PATCH, argument={}), "an object with the fields"),
        (Operation(key="k", op=Op.PATCH, argument={"a\n": 1}), "printable text"),
        (Operation(key="k", op=Op.TEXT, argument=["x"]), "as a string"),
        (write("../x", b""), "inside the workspace"),
        (write("/etc/passwd", b""), "inside the workspace"),
        (write("a//b", b""), "inside the workspace"),
        (write("a\x00b", b""), "control characters"),
        (write("a\udcffb", b""), "control characters"),
        (write("a", bytes(50_000_001)), "50,000,000"),
    ],
)
def test_a_delta_that_is_not_sound_is_refused_whole(
    board: Board, change: Operation | FileChange, says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        board.job(1, put("good", 1), change)
    assert (board.head, board.entry("good")) == (0, None)


def test_a_file_and_a_folder_of_one_name_are_refused(board: Board) -> None:
    with pytest.raises(BadRequest, match="as a file and as a folder"):
        board.job(1, write("a", b""), write("a/b", b""))
    with pytest.raises(BadRequest, match="twice"):
        board.job(1, write("a", b""), write("a", b"x"))


def test_a_base_that_is_no_commit_is_refused(board: Board) -> None:
    for base in (-1, 1):
        with pytest.raises(BadRequest, match="newest is 0"):
            board.job(1, put("k", 1), base=base)


def test_a_job_without_a_number_is_refused(board: Board) -> None:
    nobody = Author(kind=AuthorKind.JOB, person_id="u1", name="Ann")
    with pytest.raises(BadRequest, match="number"):
        board.merge(nobody, put("k", 1))


def test_a_delta_of_a_million_rows_is_refused(board: Board) -> None:
    one = put("k", 1)
    delta = Delta(
        source="job:1", author=job_author(1), base=0, at=1.0, about="",
        operations=(one,) * (MOST_OPERATIONS + 1),
    )  # fmt: skip
    with pytest.raises(BadRequest, match="at most 200,000"):
        board.merge(delta.author, *delta.operations)


def test_deleting_and_writing_anew_in_one_delta_replaces_whatever_was_there(board: Board) -> None:
    board.job(1, append("k", ["a", "b"]))
    board.job(2, delete("k"), add("k", 1))
    assert board.value("k") == 1
    assert board.value("k", 1) == ["a", "b"]


def test_a_person_may_write_many_keys_at_once(board: Board) -> None:
    merged = board.merge(ANN, put("a", 1), put("b", 2))
    assert [line.text for line in merged.receipt] == ["`a` = 1", "`b` = 2"]
