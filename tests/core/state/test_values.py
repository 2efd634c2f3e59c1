from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.state.operations import Json
from core.state.values import DEEPEST, dump, load, minus, number, parse, plus, same

ADDENDS = st.integers(-(10**30), 10**30) | st.floats(-1e30, 1e30)


@given(st.lists(ADDENDS, max_size=8))
def test_a_sum_is_exact_in_every_order(addends: list[int | float]) -> None:
    forward, backward = "0", "0"
    for one in addends:
        forward = plus(forward, dump(one))
    for one in reversed(addends):
        backward = plus(backward, dump(one))
    assert Decimal(forward) == Decimal(backward)
    assert Fraction(forward) == sum(Fraction(dump(one)) for one in addends)
    assert forward == backward


@given(ADDENDS, ADDENDS)
def test_taking_away_what_was_added_leaves_what_there_was(one: float, other: float) -> None:
    start = plus("0", dump(one))
    assert minus(plus(start, dump(other)), dump(other)) == start


def test_a_sum_that_is_whole_is_an_integer() -> None:
    total = plus(plus("0", "0.5"), "1.5")
    assert (total, number(total)) == ("2", 2)
    assert isinstance(number(total), int)
    assert number(plus("0", "2.5e-7")) == 2.5e-7


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("nan"), "\ud800", {"a": "\udfff"}, [10**5000], "x" * 1_000_000],
    ids=["infinite", "no number", "half a pair", "half a pair inside", "digits", "size"],
)
def test_what_json_or_the_limit_has_not_is_refused(value: Json) -> None:
    with pytest.raises(BadRequest):
        dump(value)


def test_what_is_nested_too_deep_is_refused() -> None:
    value: Json = []
    for _ in range(DEEPEST - 1):
        value = [value]
    assert load(dump(value)) == value
    with pytest.raises(BadRequest, match="nested deeper than 100"):
        dump([value])
    for _ in range(5000):
        value = {"a": value}
    with pytest.raises(BadRequest, match="nested deeper than 100"):
        dump(value)


def test_the_order_of_fields_says_nothing_and_kinds_of_numbers_do() -> None:
    assert same('{"a":1,"b":[2]}', '{"b":[2],"a":1}')
    assert not same("1", "1.0")
    assert not same("1", "true")
    assert not same('["a","b"]', '["b","a"]')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-1.5", -1.5), ("true", True), ("null", None), ('"12"', "12"),
        ('{"a": [1]}', {"a": [1]}), ("prod", "prod"), ("1.10", "1.10"), ("007", "007"),
        ("1e5", "1e5"), ("NaN", "NaN"), ("-Infinity", "-Infinity"), ("[" * 9999, "[" * 9999),
        ("-0", "-0"), ("two words", "two words"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_what_a_person_types_is_json_if_it_would_be_shown_the_same(text: str, value: Json) -> None:
    assert parse(text) == value
    assert type(parse(text)) is type(value)
