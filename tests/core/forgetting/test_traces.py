"""A value is recognised wherever it is quoted, and what only looks like one is left."""

import json

import pytest

from core.forgetting.traces import Traces, dump, texts_of, undump

LONG = "Kaninchenbau 4711"


def traces(*values: object, keys: tuple[str, ...] = ("door.code",)) -> Traces:
    return Traces(keys=keys, texts=texts_of(values))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LONG, f"it is {LONG}, I think"),
        (LONG, "state/rabbits:1 ana: it is «Kaninchenbau» 4711"),
        ("1234", "state/door.«code»:1 ana: 1234"),
        ("«Kaninchenbau» 4711", "he said «Kaninchenbau» 4711"),
        ("1234", "door.code is 1234"),
        (1234, "door.code is 1234"),
        (491511234567, "call 491511234567"),
        ({"inner": [LONG]}, LONG),
        ("first line of it\nsecond line of it", "he said: second line of it"),
        ("x" * 100, f"it begins {'x' * 59}…"),
        ('say "' + "x" * 100, '= "say \\"' + "x" * 50 + "…"),
    ],
)
def test_a_text_that_quotes_a_value_is_recognised(value: object, text: str) -> None:
    assert traces(value).in_text(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234", "1234 is a number"),
        (True, "that is true"),
        (LONG, "door.code is something else"),
        ("", "door.code"),
        (LONG, ""),
    ],
)
def test_a_text_that_quotes_nothing_is_left(value: object, text: str) -> None:
    assert not traces(value).in_text(text)


def test_a_line_of_a_receipt_is_recognised_by_its_key() -> None:
    found = traces("a")
    assert found.in_line("`door.code` 1 → 2")
    assert not found.in_line("`door.codes` 1 → 2")


def test_a_beginning_covers_all_that_begin_so() -> None:
    found = Traces(keys=("a.b",), prefix="a.")
    assert (found.covers("a.new"), found.covers("a"), found.covers("b.a.")) == (True, False, False)
    assert not Traces(keys=("a.b",)).covers("a.new")


@pytest.mark.parametrize("text", [LONG, 'with "quotes" and \\', "größer\nals gedacht"])
def test_a_value_is_found_in_a_file_also_as_json_within_json(text: str) -> None:
    needles = traces(text).needles()
    for content in (
        text,
        json.dumps(text),
        json.dumps(json.dumps({"k": text})),
        json.dumps(json.dumps({"k": text}, ensure_ascii=False)),
        json.dumps(json.dumps({"k": text}), ensure_ascii=False),
    ):
        assert any(needle in content.encode() for needle in needles), content


def test_traces_come_back_as_they_were_kept() -> None:
    found = Traces(keys=("a", "b"), texts=("x", "ü"), prefix="p")
    assert undump(dump(found)) == found


def test_of_a_huge_value_not_everything_is_looked_for() -> None:
    assert len(texts_of([[f"element {n}" for n in range(100_000)]])) <= 1000
