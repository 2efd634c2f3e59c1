"""Records merge field by field, each field by its own rule and kind."""

import pytest

from core.state import record
from core.state.operations import Json, Kind
from core.state.rules import Merging, Rule, Rules
from core.state.standing import Standing
from tests.core.state.board import Board, append, delete, patch, put

RULES = Rules(
    rules=(
        Rule(keys="k.last", rule=Merging.LATEST),
        Rule(keys="k.most", rule=Merging.MAX),
        Rule(keys="k.sum", kind=Kind.COUNTER),
        Rule(keys="k.tags", kind=Kind.SET),
        Rule(keys="k.log", kind=Kind.LOG),
        Rule(keys="k.text", kind=Kind.TEXT),
    )
)


@pytest.fixture
def board(board: Board) -> Board:
    board.rules = RULES
    return board


def test_patches_of_different_fields_combine(board: Board) -> None:
    board.job(1, patch("k", owner="Ann"))
    board.job(2, patch("k", owner="Ben"), base=1)
    board.job(3, patch("k", date="May"), base=1)
    assert board.value("k") == {"date": "May", "owner": "Ben"}
    assert board.conflicts() == ()


def test_of_one_patch_the_clashing_fields_wait_and_the_others_land(board: Board) -> None:
    board.job(1, patch("k", owner="Ann"))
    board.job(2, patch("k", owner="Ben"), base=1)
    done = board.job(3, patch("k", owner="Eve", date="May"), base=1)
    assert board.value("k") == {"date": "May", "owner": "Ben"}
    assert done.receipt[0].text == (
        '`k` date = "May"; the rest stays; job 3 wanted owner = "Eve": conflict #1'
    )
    board.resolve(1, 1, 1)
    assert (board.value("k"), board.conflicts()) == ({"date": "May", "owner": "Eve"}, ())
    assert board.folded() == board.everything()


def test_keeping_what_stands_makes_the_clashing_fields_the_persons(board: Board) -> None:
    board.job(1, patch("k", a=1, b=1))
    second = board.job(2, patch("k", a=2), base=1)
    board.job(3, patch("k", a=3), base=1)
    board.resolve(1, 1, 0)
    board.undo(second.commit)
    assert (board.value("k"), board.conflicts()) == ({"a": 2, "b": 1}, ())


def test_null_removes_a_field_and_a_change_of_it_meanwhile_clashes(board: Board) -> None:
    board.job(1, patch("k", a=1, b=2))
    board.job(2, patch("k", a=None))
    assert board.value("k") == {"b": 2}
    board.job(3, patch("k", a=5), base=1)
    (found,) = board.conflicts()
    assert (board.value("k"), found.candidates) == ({"b": 2}, (3,))


def test_a_person_outranks_field_by_field(board: Board) -> None:
    board.job(1, patch("k", a=1, b=1))
    board.set("k", '{"a": 2, "b": 1}')
    done = board.job(2, patch("k", a=3, b=3), base=1)
    assert (board.value("k"), board.conflicts()) == ({"a": 2, "b": 3}, ())
    assert done.receipt[0].take == 3


@pytest.mark.parametrize(
    ("field", "first", "second", "both"),
    [
        ("last", 1, 2, 2), ("last", 2, 1, 1), ("most", 7, 3, 7), ("sum", 12, 15, 17),
        ("tags", ["a", "b"], ["b", "c"], ["b", "c"]), ("tags", ["x"], ["a", "y"], ["x", "y"]),
        ("log", ["x", "1"], ["x", "2"], ["x", "1", "2"]),
        ("text", "1\nb\nc\nd\ne\n", "a\nb\nc\nd\n5\n", "1\nb\nc\nd\n5\n"),
    ],
)  # fmt: skip
def test_a_rule_gives_a_field_a_kind_or_a_way_to_merge(
    board: Board, field: str, first: Json, second: Json, both: Json
) -> None:
    seen: dict[str, Json] = {"last": 0, "most": 0, "sum": 10, "tags": ["a"], "log": ["x"],
                  "text": "a\nb\nc\nd\ne\n"}  # fmt: skip
    board.job(1, patch("k", **seen))
    for order in ((2, first), (3, second)), ((3, second), (2, first)):
        again = Board(RULES)
        again.job(1, patch("k", **seen))
        for number, value in order:
            again.job(number, patch("k", **{field: value}), base=1)
        found = again.value("k")
        assert isinstance(found, dict)
        assert (found[field], again.conflicts()) == (both, ())
        assert again.folded() == again.everything()
        again.close()


@pytest.mark.parametrize(
    ("field", "wrong"), [("sum", "many"), ("log", ["y"]), ("log", "x"), ("tags", [["a"]])]
)
def test_a_field_that_is_not_what_its_rule_says_waits(
    board: Board, field: str, wrong: Json
) -> None:
    board.job(1, patch("k", sum=1, log=["x"], tags=["a"]))
    board.job(2, patch("k", **{field: wrong}), base=1)
    (found,) = board.conflicts()
    assert found.candidates == (2,)
    assert board.value("k") == {"log": ["x"], "sum": 1, "tags": ["a"]}


def test_an_element_survives_an_exclusion_that_did_not_see_it_included(board: Board) -> None:
    board.job(1, patch("k", tags=["a", "b"]))
    board.job(2, patch("k", tags=["a"]), base=0)
    board.job(3, patch("k", tags=[]), base=1)
    assert board.value("k") == {"tags": ["a"]}


def test_undoing_one_of_many_patches_keeps_the_others(board: Board) -> None:
    board.job(1, patch("k", sum=1, owner="Ann"))
    second = board.job(2, patch("k", sum=11, owner="Ben", tags=["a"]))
    board.job(3, patch("k", sum=12, tags=["a", "b"]))
    board.undo(second.commit)
    assert board.value("k") == {"owner": "Ann", "sum": 2, "tags": ["b"]}


def test_a_record_that_was_deleted_meanwhile_asks_with_the_whole_patch(board: Board) -> None:
    board.job(1, patch("k", a=1, b=2))
    board.job(2, delete("k"))
    board.job(3, patch("k", a=3), base=1)
    board.resolve(1, 1, 1)
    assert (board.value("k"), board.conflicts()) == ({"a": 3, "b": 2}, ())


def test_a_delete_and_a_patch_begin_a_new_record(board: Board) -> None:
    board.job(1, patch("k", a=1, b=2))
    board.job(2, delete("k"), patch("k", c=3))
    assert board.value("k") == {"c": 3}
    board.job(3, delete("k"), append("k", "x"))
    assert board.value("k") == ["x"]


def test_records_and_other_kinds_clash(board: Board) -> None:
    board.job(1, patch("k", a=1))
    board.job(2, put("k", {"a": 2}), base=0)
    (found,) = board.conflicts()
    assert (board.value("k"), found.candidates) == ({"a": 1}, (2,))


def test_a_snapshot_of_a_record_never_changes(board: Board) -> None:
    board.job(1, patch("k", a=1))
    board.job(2, patch("k", a=2, b=1))
    assert board.value("k", 1) == {"a": 1}


def test_a_removed_field_is_not_shown_but_known() -> None:
    fields = {
        "gone": Standing(changed=3, cleared=3),
        "here": Standing(kind=Kind.VALUE, body="1", changed=2, order=(1, 2), saw=1),
    }
    body = record.written(fields)
    assert record.plain(body) == {"here": 1}
    assert record.read(body) == fields
