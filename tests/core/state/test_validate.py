import pytest

from core.errors import BadRequest
from core.state.operations import Json, Kind, Operation
from core.state.rules import Rule, Rules
from core.state.validate import validate
from tests.core.state.board import Board, add, append, delete, exclude, include, patch, put

NONE = Rules()


def test_what_fits_the_entry_passes(board: Board) -> None:
    board.job(1, add("n", 1), append("log", "x"), include("tags", "x"), put("k", 1))
    for operation in (add("n", -1.5), append("log", {"a": 1}), exclude("tags", "x"), put("k", [])):
        validate(operation, board.entry(operation.key), NONE)
        validate(delete(operation.key), board.entry(operation.key), NONE)


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (put("n", 5), "`n` is a counter, so put cannot be used: add changes it"),
        (append("n", 5), "`n` is a counter"),
        (add("log", 5), "`log` is a log, so add cannot be used: append adds lines"),
        (put("tags", ["a"]), "`tags` is a set, so put cannot be used: include and exclude"),
        (include("k", "a"), "`k` is a value, so include cannot be used: put replaces it"),
    ],
)
def test_another_kinds_operation_is_refused_with_what_to_do(
    board: Board, operation: Operation, says: str
) -> None:
    board.job(1, add("n", 1), append("log", "x"), include("tags", "x"), put("k", 1))
    with pytest.raises(BadRequest, match=says):
        validate(operation, board.entry(operation.key), NONE)


def test_a_rule_gives_the_kind_of_a_key_that_is_not_there_yet() -> None:
    rules = Rules(rules=(Rule(keys="*.count", kind=Kind.COUNTER),))
    validate(add("x.count", 1), None, rules)
    with pytest.raises(BadRequest, match=r"`x.count` is by a rule a counter"):
        validate(put("x.count", 1), None, rules)


FIELDS = Rules(
    rules=(
        Rule(keys="build.runs", kind=Kind.COUNTER),
        Rule(keys="build.tags", kind=Kind.SET),
        Rule(keys="build.log", kind=Kind.LOG),
        Rule(keys="build.notes", kind=Kind.TEXT),
    )
)


@pytest.mark.parametrize(
    "fields",
    [
        {"runs": 3, "tags": ["a", 1, True], "log": ["began", "ended"], "notes": "a\nb"},
        {"runs": None, "tags": None, "log": None, "notes": None},
        {"other": {"any": ["thing"]}},
    ],
)
def test_a_field_that_a_rule_gives_a_kind_takes_what_is_of_it(
    board: Board, fields: dict[str, Json]
) -> None:
    board.job(1, patch("build", log=["began"]))
    validate(patch("build", **fields), board.entry("build"), FIELDS)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"runs": "3"}, r"`build.runs` is by a rule a counter: patch it with a number"),
        ({"runs": True}, "patch it with a number"),
        ({"notes": ["a"]}, r"`build.notes` is by a rule a text: patch it with a string"),
        ({"tags": "a"}, r"`build.tags` is by a rule a set: patch it with the list"),
        ({"tags": ["a", None]}, "the list of its elements"),
        ({"tags": [["a"]]}, "the list of its elements"),
        ({"log": "ended"}, r"`build.log` is by a rule a log: patch it with the list of all"),
        ({"log": ["ended", "began"]}, "the old ones first"),
        ({"log": []}, "the old ones first"),
    ],
)
def test_a_field_that_a_rule_gives_a_kind_takes_nothing_else(
    board: Board, fields: dict[str, Json], says: str
) -> None:
    board.job(1, patch("build", log=["began"]))
    with pytest.raises(BadRequest, match=says):
        validate(patch("build", **fields), board.entry("build"), FIELDS)


def test_an_entry_keeps_its_kind_when_a_rule_comes_later(board: Board) -> None:
    board.job(1, put("x.count", 1))
    rules = Rules(rules=(Rule(keys="*.count", kind=Kind.COUNTER),))
    validate(put("x.count", 2), board.entry("x.count"), rules)
