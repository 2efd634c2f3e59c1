import json

from core.search.reading import MOST_CHARACTERS
from core.search.values import pieces
from core.state.operations import Json


def test_text_is_searched_as_it_is_and_objects_by_field() -> None:
    assert list(pieces("two\nlines")) == [(1, "two\nlines")]
    value = json.loads('{"who": {"name": "Ann", "tags": ["red", "blue"]}, "n": 3, "ok": null}')
    ((line, text),) = pieces(value)
    assert line == 1
    assert text.splitlines() == [
        "who: name: Ann", "who: tags: red", "who: tags: blue", "n: 3", "ok: null",
    ]  # fmt: skip


def test_a_value_without_text_still_has_one_piece() -> None:
    empties: list[Json] = ["", {}, [], " \n"]
    for empty in empties:
        assert len(pieces(empty)) == 1


def test_a_long_value_is_cut_at_lines_that_are_numbered() -> None:
    found = pieces("\n".join(f"line {n} {'x' * 60}" for n in range(1, 1001)))
    assert len(found) > 10
    assert all(len(text) <= MOST_CHARACTERS for _, text in found)
    assert all(text.startswith(f"line {line} ") for line, text in found)


def test_control_characters_of_a_value_are_blanks() -> None:
    assert list(pieces("a\x02b\x00c")) == [(1, "a b c")]
