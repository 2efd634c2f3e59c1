"""What `together` holds together: decisions of several keys."""

import pytest

from core.errors import BadRequest
from core.state.operations import Kind
from core.state.rules import Merging, Rule, Rules
from tests.core.state.board import Board, add, append, delete, patch, put, text
from tests.core.state.work import counted

RULES = Rules(rules=(Rule(keys="launch.*", rule=Merging.TOGETHER),))


@pytest.fixture
def board(board: Board) -> Board:
    board.rules = RULES
    board.job(1, put("launch.date", "May"), put("launch.place", "hall"), add("launch.seats", 10))
    return board


def waiting(board: Board) -> list[tuple[int, list[str], tuple[int, ...]]]:
    return [
        (found.number, [place.key for place in found.places], found.candidates)
        for found in board.conflicts()
    ]


def values(board: Board) -> list[object]:
    return [board.value(f"launch.{key}") for key in ("date", "place", "seats")]


def clash(board: Board) -> None:
    board.job(2, put("launch.date", "June"), base=1)
    board.job(3, put("launch.date", "July"), put("launch.place", "park"), add("launch.seats", 5),
              base=1)  # fmt: skip


def test_no_half_of_a_decision_lands(board: Board) -> None:
    clash(board)
    assert values(board) == ["June", "hall", 10]
    assert waiting(board) == [(1, ["launch.date", "launch.place", "launch.seats"], (3,))]
    assert board.folded() == board.everything()


def test_what_does_not_clash_lands_whole(board: Board) -> None:
    board.job(2, put("launch.place", "park"), add("launch.seats", 5), base=1)
    board.job(3, put("launch.date", "July"), add("launch.seats", 5), base=1)
    assert (values(board), board.conflicts()) == (["July", "park", 20], ())


def test_keys_of_other_patterns_are_not_held_up(board: Board) -> None:
    board.job(2, put("launch.date", "June"), base=1)
    board.job(3, put("launch.date", "July"), put("note", "x"), base=1)
    assert board.value("note") == "x"


def test_taking_it_takes_all_of_it_and_keeps_what_others_added(board: Board) -> None:
    clash(board)
    board.job(4, add("launch.seats", 100))
    board.resolve(1, None, 1)
    assert (values(board), board.conflicts()) == (["July", "park", 115], ())
    assert board.folded() == board.everything()


def test_keeping_what_stands_keeps_all_of_it(board: Board) -> None:
    clash(board)
    board.resolve(1, None, 0)
    assert (values(board), board.conflicts()) == (["June", "hall", 10], ())
    assert board.folded() == board.everything()


def test_a_person_who_sets_one_of_the_keys_settles_them_all(board: Board) -> None:
    clash(board)
    board.set("launch.date", "August")
    assert (values(board), board.conflicts()) == (["August", "hall", 10], ())
    assert board.folded() == board.everything()


def test_a_persons_word_on_one_key_makes_all_of_a_job_wait(board: Board) -> None:
    board.set("launch.date", "August")
    board.job(3, put("launch.date", "July"), put("launch.place", "park"), base=1)
    assert values(board) == ["August", "hall", 10]
    assert waiting(board) == [(1, ["launch.date", "launch.place"], (3,))]


def test_conflicts_that_come_to_share_a_key_become_one(board: Board) -> None:
    board.job(2, put("launch.date", "June"), put("launch.place", "park"), base=1)
    board.job(3, put("launch.date", "July"), base=1)
    board.job(4, put("launch.place", "lake"), base=1)
    assert [found[0] for found in waiting(board)] == [1, 2]
    board.job(5, put("launch.date", "August"), put("launch.place", "roof"), base=1)
    assert waiting(board) == [(1, ["launch.date", "launch.place"], (3, 4, 5))]
    assert board.folded() == board.everything()
    board.resolve(1, None, 3)
    assert (values(board)[:2], board.conflicts()) == (["August", "roof"], ())


def test_a_click_on_an_older_question_does_nothing(board: Board) -> None:
    clash(board)
    found = board.conflicts()[0]
    board.job(4, put("launch.date", "May 1"), base=1)
    before = board.everything()
    board.resolve(1, found.revision, 1)
    assert board.everything() == before


def test_undoing_what_it_clashed_with_lets_all_of_it_land(board: Board) -> None:
    clash(board)
    board.undo(2)
    assert (values(board), board.conflicts()) == (["July", "park", 15], ())
    assert board.folded() == board.everything()
    board.undo(4)
    assert values(board) == ["June", "hall", 10]
    assert len(board.conflicts()) == 1
    assert board.folded() == board.everything()


def test_undoing_what_waits_withdraws_all_of_it(board: Board) -> None:
    before = board.everything()
    board.job(2, put("launch.date", "June"), base=1)
    board.job(3, put("launch.date", "July"), add("launch.seats", 5), base=1)
    board.undo(3)
    assert (values(board), board.conflicts()) == (["June", "hall", 10], ())
    board.undo(2)
    assert board.everything() == before


def test_a_resolution_that_is_undone_asks_about_all_of_it_again(board: Board) -> None:
    clash(board)
    board.resolve(1, None, 1)
    board.undo(4)
    assert values(board) == ["June", "hall", 10]
    ((_, keys, candidates),) = waiting(board)
    assert (keys, candidates) == (["launch.date", "launch.place", "launch.seats"], (3,))


def test_several_keys_cannot_be_settled_by_one_typed_value(board: Board) -> None:
    clash(board)
    with pytest.raises(BadRequest, match="about 3 keys at once"):
        board.resolve(1, None, "August")


def test_every_kind_can_wait_in_it_and_be_taken(board: Board) -> None:
    kinds = (
        put("launch.date", "July"), append("launch.log", "x"), patch("launch.who", lead="Eve"),
        text("launch.plan", "a\n"), delete("launch.place"),
    )  # fmt: skip
    board.job(2, put("launch.date", "June"), append("launch.log", "w"), base=1)
    board.job(3, *kinds, base=1)
    assert board.value("launch.log") == ["w"]
    assert board.value("launch.who") is None
    board.resolve(1, None, 1)
    assert board.value("launch.log") == ["w", "x"]
    assert board.value("launch.who") == {"lead": "Eve"}
    assert board.value("launch.plan") == "a\n"
    assert (board.value("launch.place"), board.conflicts()) == (None, ())
    entry = board.entry("launch.plan")
    assert entry is not None
    assert entry.kind is Kind.TEXT


def test_a_conflict_of_thousands_of_keys_is_moved_and_undone_looking_at_each_once() -> None:
    board = Board(Rules(rules=(Rule(keys="t.*", rule=Merging.TOGETHER),)))
    with counted(board) as work:
        for job in (1, 2, 3):
            board.job(job, *(put(f"t.{n}", job) for n in range(1000)), base=0)
        (found,) = board.conflicts()
        board.undo(2)
    (left,) = board.conflicts()
    board.close()
    assert (found.revision, len(found.places), found.candidates) == (2, 1000, (2, 3))
    assert (left.candidates, len(left.places)) == ((3,), 1000)
    assert work.thousands < 3000
