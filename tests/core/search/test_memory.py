import pytest

from core.search.memory import LARGEST, advance, waiting
from core.search.query import parse
from core.search.state import search_state, search_workspace, unsearched
from tests.core.state.board import Board, add, append, delete, include, put, write


@pytest.fixture
def board() -> Board:
    return Board()


def step(board: Board) -> bool:
    board.tx.execute("BEGIN")
    more = advance(board.tx)
    board.tx.execute("COMMIT")
    return more


def index(board: Board) -> int:
    """Index all; how many steps it took."""
    steps = 1
    while step(board):
        steps += 1
    for table in ("state_words", "content_words"):
        board.tx.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    return steps


def found(board: Board, query: str) -> list[str]:
    hits = search_state(board.tx, parse(query), None, 50).hits
    return sorted(hit.key for hit in hits)  # type: ignore[union-attr]


def in_files(board: Board, query: str) -> list[str]:
    hits = search_workspace(board.tx, parse(query), None, 50).hits
    return sorted(f"{hit.path}:{hit.line}" for hit in hits)  # type: ignore[union-attr]


def count(board: Board, table: str) -> int:
    return int(board.tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_what_waits_is_counted_up_to_a_commit(board: Board) -> None:
    board.job(1, put("a", "one"), put("b", "two"))
    board.job(2, put("c", "three"))
    assert (waiting(board.tx, 0), waiting(board.tx, 1), waiting(board.tx, None)) == (0, 2, 3)
    assert waiting(board.tx, None, most=2) == 2
    assert not step(board)
    assert waiting(board.tx, None) == 0
    assert not step(board)


def test_a_large_merge_is_indexed_in_steps_and_each_can_be_the_last_before_a_kill(
    board: Board,
) -> None:
    board.job(1, *(put(f"key.{n}", f"value{n} common") for n in range(700)))
    assert step(board)
    halfway = waiting(board.tx, None)
    assert 0 < halfway < 700
    board.tx.execute("BEGIN")
    advance(board.tx)
    board.tx.execute("ROLLBACK")
    assert waiting(board.tx, None) == halfway
    index(board)
    assert count(board, "state_texts") == 700
    assert found(board, "value699") == ["key.699"]


def test_a_log_of_many_lines_and_a_long_value_are_indexed_in_parts(board: Board) -> None:
    board.job(1, append("log", [f"entry{n}" for n in range(1000)]))
    board.job(2, put("long", "\n".join(f"row{n} {'x' * 90}" for n in range(5000))))
    assert index(board) > 5
    assert found(board, "entry999") == ["log"]
    assert found(board, "entry0") == ["log"]
    assert found(board, "row4999") == ["long"]
    assert count(board, "state_texts WHERE operation IS NOT NULL") == 1000


def test_a_long_file_is_indexed_in_parts_with_the_right_lines(board: Board) -> None:
    lines = [f"word{n} {'x' * 90}" for n in range(1, 10_001)]
    board.job(1, write("long.txt", "\n".join(lines).encode()))
    assert index(board) > 5
    for n in (1, 3333, 9999, 10_000):
        assert in_files(board, f"word{n}") == [f"long.txt:{n}"]


def test_each_content_is_indexed_once(board: Board) -> None:
    board.job(1, write("a.txt", b"hello there"), write("b.txt", b"hello there"))
    board.job(2, write("c.txt", b"hello there"))
    board.job(3, write("a.txt", b"other words"))
    index(board)
    assert count(board, "content_chunks") == 2
    (hit,) = search_workspace(board.tx, parse("hello"), None, 5).hits
    assert (hit.path, hit.also) == ("b.txt", 1)  # type: ignore[union-attr]
    (hit,) = search_workspace(board.tx, parse("hello"), 2, 5).hits
    assert (hit.path, hit.also) == ("a.txt", 2)  # type: ignore[union-attr]


def test_binary_and_huge_files_are_skipped_with_the_reason(board: Board) -> None:
    board.job(1, write("huge.txt", b"word " * (LARGEST // 5 + 1)), write("x.bin", b"word\0"))
    board.job(2, write("ok.txt", b"word"))
    index(board)
    assert in_files(board, "word") == ["ok.txt:1"]
    skipped = unsearched(board.tx, None, 1)
    assert (skipped.count, skipped.newest) == (2, (("huge.txt", "is larger than 8 MB"),))
    assert unsearched(board.tx, None, 9).newest[1] == ("x.bin", "is not text")
    assert unsearched(board.tx, 0, 9).count == 0
    assert in_files(board, "huge") == ["huge.txt:0"]


def test_a_counter_and_a_file_have_one_row_for_their_names_however_often_they_change(
    board: Board,
) -> None:
    for n in range(5):
        board.job(n + 1, add("visits", 1), write("notes.md", f"text {n}".encode()))
    index(board)
    assert count(board, "state_texts") == 2
    (hit,) = search_state(board.tx, parse("visits"), 3, 5).hits
    assert (hit.snippet, hit.commit) == ("3", 3)  # type: ignore[union-attr]


def test_lines_that_an_undo_brings_in_for_the_first_time_are_found(board: Board) -> None:
    first = board.job(1, put("key", "a value"))
    # The key is no log, so this waits as a candidate, and its line is nowhere.
    board.job(2, append("key", "needle"), base=0)
    index(board)
    assert found(board, "needle") == []
    board.undo(first.commit)
    index(board)
    assert found(board, "needle") == ["key"]


def test_deleted_rows_leave_the_index_whoever_deletes_them(board: Board) -> None:
    board.job(1, put("gone", "apple"), append("log", "pear"), include("set", "plum"))
    board.job(2, put("gone", "orange"), write("a.txt", b"cherry"), add("count", 1))
    index(board)
    tx = board.tx
    tx.execute("DELETE FROM versions WHERE commit_no = 1 AND entry IN (SELECT id FROM entries"
               " WHERE key = 'gone')")  # fmt: skip
    tx.execute("DELETE FROM operations WHERE op IN ('append', 'include')")
    tx.execute("DELETE FROM blobs")
    tx.execute("DELETE FROM entries WHERE key = 'count'")
    rows = [row[0] for row in tx.execute("SELECT text FROM state_texts ORDER BY id")]
    assert rows == ["orange", ""]
    assert (count(board, "contents"), count(board, "content_chunks")) == (0, 0)
    index(board)


def test_a_key_that_is_renamed_leaves_the_index(board: Board) -> None:
    board.job(1, put("secret.name", "apple"))
    index(board)
    board.tx.execute("UPDATE entries SET key = 'forgotten 1'")
    assert found(board, "secret") == []
    index(board)


def test_a_deleted_key_is_not_found_but_its_past_is(board: Board) -> None:
    board.job(1, put("k", "apple"), append("log", "pear"))
    board.job(2, delete("k"), delete("log"))
    index(board)
    assert found(board, "apple") == []
    assert found(board, "pear") == []
    past = search_state(board.tx, parse("apple"), 1, 5)
    assert len(past.hits) == 1
