import pytest

from core.errors import BadRequest
from core.state.drafts import add_draft, wanted_drafts
from core.state.operations import Author, AuthorKind, Json
from core.state.resolution import Stale
from core.state.rules import Merging, Rule, Rules
from tests.core.state.board import Board, patch, put, text, write

AGENT = Author(kind=AuthorKind.AGENT, person_id="u1", name="Ann")
PROPOSE = Rules(rules=(Rule(keys="plan*", rule=Merging.PROPOSE),))


@pytest.fixture
def disputed(board: Board) -> Board:
    board.rules = PROPOSE
    board.job(1, put("plan", "a"), put("other", 1))
    board.job(2, put("plan", "b"), put("other", 2), base=0)
    return board


def draft(board: Board, value: Json, revision: int = 1, source: str = "draft:1") -> object:
    return add_draft(board.tx, 1, revision, value, AGENT, 1.0, source)


def wanted(board: Board) -> list[str]:
    return [one.key for one in wanted_drafts(board.tx, PROPOSE)]


def test_a_draft_is_wanted_for_conflicts_under_the_rule_alone(disputed: Board) -> None:
    assert [found.key for found in disputed.conflicts()] == ["plan", "other"]
    assert wanted(disputed) == ["plan"]


def test_a_draft_is_one_candidate_more_and_changes_nothing(disputed: Board) -> None:
    draft(disputed, "a and b")
    found = disputed.conflicts()[0]
    assert (disputed.value("plan"), found.candidates, found.revision) == ("a", (2, 3), 2)
    assert wanted(disputed) == []
    disputed.resolve(1, 2, 2)
    assert disputed.value("plan") == "a and b"


def test_another_candidate_makes_another_draft_wanted(disputed: Board) -> None:
    draft(disputed, "a and b")
    disputed.job(3, put("plan", "c"), base=0)
    assert wanted(disputed) == ["plan"]


def test_a_draft_for_an_older_question_is_not_added(disputed: Board) -> None:
    disputed.job(3, put("plan", "c"), base=0)
    before = disputed.everything()
    assert isinstance(draft(disputed, "a and b"), Stale)
    assert disputed.everything() == before


def test_the_same_draft_is_added_once(disputed: Board) -> None:
    draft(disputed, "a and b")
    draft(disputed, "a and b")
    assert disputed.conflicts()[0].candidates == (2, 3)


def test_a_draft_can_be_undone_and_is_part_of_the_fold(disputed: Board) -> None:
    before = disputed.everything()
    draft(disputed, "a and b")
    assert disputed.folded() == disputed.everything()
    disputed.undo(3)
    assert disputed.everything() == before


def test_a_draft_of_a_text_or_record_is_one(board: Board) -> None:
    board.job(1, text("plan.t", "a\n"), patch("plan.r", x=1))
    board.job(2, text("plan.t", "b\n"), patch("plan.r", x=2), base=0)
    add_draft(board.tx, 1, 1, "c\n", AGENT, 1.0, "draft:1")
    add_draft(board.tx, 2, 1, {"x": 3}, AGENT, 1.0, "draft:2")
    for number in (1, 2):
        board.resolve(number, 2, 2)
    assert (board.value("plan.t"), board.value("plan.r")) == ("c\n", {"x": 3})


def test_a_file_is_not_drafted(board: Board) -> None:
    board.job(1, write("f", b"\0a"))
    board.job(2, write("f", b"\0b"), base=0)
    with pytest.raises(BadRequest, match="cannot be drafted"):
        draft(board, "x")
