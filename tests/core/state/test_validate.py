import pytest

from core.errors import BadRequest
from core.state.operations import Kind, Operation
from core.state.rules import Rule, Rules
from core.state.validate import validate
from tests.core.state.board import Board, add, append, delete, exclude, include, put

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


def test_an_entry_keeps_its_kind_when_a_rule_comes_later(board: Board) -> None:
    board.job(1, put("x.count", 1))
    rules = Rules(rules=(Rule(keys="*.count", kind=Kind.COUNTER),))
    validate(put("x.count", 2), board.entry("x.count"), rules)
