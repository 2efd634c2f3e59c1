from core.messages import Person
from core.state.entries import Entry, overlay, read_entry, read_prefix
from core.state.operations import Kind
from core.state.person import pin
from tests.core.state.board import Board, add, append, delete, exclude, include, put


def test_an_entry_tells_who_wrote_it_last_and_when(board: Board) -> None:
    board.job(1, put("k", {"a": [1, None]}))
    board.job(2, put("other", 1))
    assert board.entry("k") == Entry(
        key="k", kind=Kind.VALUE, value={"a": [1, None]}, commit=1, author="job 1, asked by Ann",
        at=1.0,
    )  # fmt: skip


def test_an_entry_can_be_read_at_every_commit(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, delete("k"))
    board.job(3, add("k", 2))
    assert [board.value("k", at) for at in range(4)] == [None, "a", None, 2]


def test_of_a_long_log_the_newest_lines_are_read(board: Board) -> None:
    board.job(1, append("log", [f"{n}" for n in range(50)]))
    entry = read_entry(board.tx, "log", most=3)
    assert entry is not None
    assert (entry.value, entry.size) == (["47", "48", "49"], 50)


def test_a_prefix_reads_its_keys_in_order_and_no_others(board: Board) -> None:
    board.job(1, put("b.2", 1), put("b.1", 1), put("a", 1), put("b", 1), put("ba", 1), put("c", 1))
    board.job(2, delete("b.2"))
    board.job(3, put("b.3", 1))
    assert [entry.key for entry in read_prefix(board.tx, "b.")] == ["b.1", "b.3"]
    assert [entry.key for entry in read_prefix(board.tx, "b.", 1)] == ["b.1", "b.2"]
    assert [entry.key for entry in read_prefix(board.tx, "", limit=2)] == ["a", "b"]
    assert read_prefix(board.tx, "%") == ()


def test_an_entry_shows_its_pin_and_its_conflict(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    pin(board.tx, "k", Person(id="u1", name="Ann"), 1.0)
    entry = board.entry("k")
    assert entry is not None
    assert (entry.pinned, entry.conflict) == (True, 1)


def test_a_counter_is_a_number_and_exact(board: Board) -> None:
    for number in range(10):
        board.job(number + 1, add("n", 0.1), base=0)
    assert board.value("n") == 1
    board.job(20, add("n", 10**30))
    assert board.value("n") == 10**30 + 1


def test_one_and_true_are_two_elements(board: Board) -> None:
    board.job(1, include("tags", [1, True, "1", 1.5]))
    assert board.value("tags") == ["1", 1, 1.5, True]


def test_a_job_sees_its_own_writes_over_the_snapshot(board: Board) -> None:
    board.job(1, add("n", 1), append("log", "a"), include("tags", "x"), put("k", 1))
    operations = (
        add("n", 2), append("log", ["b", "c"]), exclude("tags", "x"), include("tags", ["y", "y"]),
        put("k", 2),
    )  # fmt: skip
    seen = {
        key: overlay(board.entry(key), [one for one in operations if one.key == key])
        for key in ("n", "log", "tags", "k")
    }
    board.job(2, *operations)
    for key, entry in seen.items():
        merged = board.entry(key)
        assert merged is not None
        assert entry is not None
        assert (entry.kind, entry.value, entry.size) == (merged.kind, merged.value, merged.size)


def test_a_job_sees_a_key_that_it_deleted_and_wrote_anew(board: Board) -> None:
    board.job(1, append("k", "a"))
    assert overlay(board.entry("k"), [delete("k")]) is None
    anew = overlay(board.entry("k"), [delete("k"), add("k", 3)])
    assert anew is not None
    assert (anew.kind, anew.value, anew.commit) == (Kind.COUNTER, 3, 0)


def test_the_size_of_a_long_log_counts_what_was_left_out(board: Board) -> None:
    board.job(1, append("log", ["x"] * 20))
    entry = overlay(read_entry(board.tx, "log", most=5), [append("log", "y")])
    assert entry is not None
    assert entry.size == 21
