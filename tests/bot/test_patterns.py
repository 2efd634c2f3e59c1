from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.patterns import overlap

PATTERNS = st.text("ab*?", max_size=6)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("deploy.*", "deploy.target", True),
        ("deploy.*", "*.target", True),
        ("deploy.*", "build.*", False),
        ("a*c", "ab", False),
        ("a?", "a", False),
        ("", "*", True),
        ("", "?", False),
        ("a" * 100 + "*", "*" + "b" * 100, True),
    ],
)
def test_patterns_overlap_if_one_text_can_match_both(one: str, other: str, meet: bool) -> None:
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet


@given(text=st.text("ab", max_size=8), pattern=PATTERNS)
def test_a_text_overlaps_a_pattern_exactly_if_it_matches(text: str, pattern: str) -> None:
    assert overlap(text, pattern) == fnmatchcase(text, pattern)


@given(text=st.text("ab", max_size=8), one=PATTERNS, other=PATTERNS)
def test_whatever_matches_both_proves_the_overlap(text: str, one: str, other: str) -> None:
    if fnmatchcase(text, one) and fnmatchcase(text, other):
        assert overlap(one, other)
