import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.state.text_regions import Region, Span, Whose, lines, regions


def found(base: str, ours: str, theirs: str) -> list[Region]:
    """Regions of texts whose lines are single letters."""
    return regions(*([letter.encode() + b"\n" for letter in text] for text in (base, ours, theirs)))


@given(st.binary(max_size=20) | st.text("a\n\r", max_size=20).map(str.encode))
def test_lines_are_the_text_again_and_end_with_a_newline_each(text: bytes) -> None:
    split = lines(text)
    assert b"".join(split) == text
    assert all(line.endswith(b"\n") for line in split[:-1])
    assert all(line.count(b"\n") <= 1 and line for line in split)


@pytest.mark.parametrize("text", [b"x\n" * 100_000, b"x" * 100_000 + b"\ny", b"\n" * 70_000 + b"z"])
def test_lines_of_a_text_that_is_split_in_pieces_are_the_same(text: bytes) -> None:
    assert lines(text) == [line for line in text.splitlines(keepends=True) if line]


def test_what_one_side_changed_is_a_region_of_that_side() -> None:
    assert found("abcdef", "aXcdef", "abcdYYf") == [
        Region(Whose.OURS, Span(1, 2), Span(1, 2), Span(1, 2)),
        Region(Whose.THEIRS, Span(4, 5), Span(4, 5), Span(4, 6)),
    ]


def test_places_move_with_what_came_before_them() -> None:
    assert found("abcdef", "XXXabcdef", "bcde") == [
        Region(Whose.OPEN, Span(0, 1), Span(0, 4), Span(0, 0)),
        Region(Whose.THEIRS, Span(5, 6), Span(8, 9), Span(4, 4)),
    ]


def test_a_change_that_both_made_is_no_region() -> None:
    assert found("abcdef", "aXcdef", "aXcdeY") == [
        Region(Whose.THEIRS, Span(5, 6), Span(5, 6), Span(5, 6))
    ]


def test_changes_that_only_touch_are_one_open_region() -> None:
    assert found("abcd", "aXcd", "abYd") == [Region(Whose.OPEN, Span(1, 3), Span(1, 3), Span(1, 3))]


def test_several_changes_of_one_side_under_one_of_the_other_are_one_region() -> None:
    assert found("abcdefg", "aXcdeYg", "aZg") == [
        Region(Whose.OPEN, Span(1, 6), Span(1, 6), Span(1, 2))
    ]


def test_a_decided_region_between_two_open_ones_keeps_them_apart() -> None:
    """Theirs changed `d`, so the two conflicts around it cannot be shown as one."""
    assert [region.whose for region in found("abcdefg", "aXcdeYg", "aPcQeRg")] == [
        Whose.OPEN, Whose.THEIRS, Whose.OPEN
    ]  # fmt: skip


def test_sides_that_come_to_the_same_by_different_changes_leave_nothing_open() -> None:
    merged = found("aab", "ab", "ab")
    assert Whose.OPEN not in {region.whose for region in merged}
