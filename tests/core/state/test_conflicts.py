from core.state.conflicts import conflict, contested, count_open, open_conflicts
from tests.core.state.board import Board, add, append, delete, put


def test_a_key_has_one_conflict_with_all_its_candidates(board: Board) -> None:
    for number in range(1, 5):
        board.job(number, put("k", number), put("other", 1), base=0)
    (found,) = board.conflicts()
    assert (found.key, found.candidates) == ("k", (2, 3, 4))
    assert conflict(board.tx, found.number) == found


def test_conflicts_of_different_keys_are_numbered_on_their_own(board: Board) -> None:
    board.job(1, put("a", 1), put("b", 1))
    board.job(2, put("b", 2), put("a", 2), base=0)
    assert {found.number: found.key for found in board.conflicts()} == {1: "b", 2: "a"}


def test_a_closed_conflict_is_not_open_again_and_its_number_is_not_reused(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    board.resolve(1, 1, 0)
    assert (conflict(board.tx, 1), conflict(board.tx, 9), board.conflicts()) == (None, None, ())
    board.job(3, put("k", "c"))
    board.job(4, put("k", "d"), base=3)
    assert [found.number for found in board.conflicts()] == [2]


def test_a_conflict_does_not_hold_up_other_merges_of_its_key(board: Board) -> None:
    board.job(1, add("n", 1))
    board.job(2, add("n", 1))
    board.job(3, delete("n"), base=1)
    board.job(4, add("n", 1), base=1)
    board.job(5, append("log", "x"))
    assert (board.value("n"), len(board.conflicts())) == (3, 1)


def test_equality_closes_a_conflict(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    board.job(3, put("k", "c"), base=0)
    board.job(4, put("k", "b"))
    (found,) = board.conflicts()
    assert found.candidates == (3,)
    board.job(5, put("k", "c"))
    assert board.conflicts() == ()


def test_the_oldest_conflicts_can_be_asked_for_alone(board: Board) -> None:
    for number, value in ((1, "a"), (2, "b")):
        board.job(number, *(put(f"k{n}", value) for n in range(5)), base=0)
    assert [found.number for found in open_conflicts(board.tx, 2)] == [1, 2]
    assert (count_open(board.tx), contested(board.tx, "entry")) == (5, {f"k{n}" for n in range(5)})
    assert contested(board.tx, "file") == set()
