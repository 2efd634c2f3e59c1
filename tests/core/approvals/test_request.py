import pytest

from core.approvals.request import LONGEST, foreign, shown, visible
from core.errors import BadRequest


def test_what_is_shown_is_all_of_the_call() -> None:
    assert shown("shell", {"command": "rm x"}) == "rm x"
    assert shown("shell", {"command": "rm x", "timeout": 5}) == 'rm x\n{\n "timeout": 5\n}'
    assert shown("mcp__a__b", {"x": ["y"]}) == '{\n "x": [\n  "y"\n ]\n}'
    assert shown("fetch", {"url": "http://a.test/?b"}) == "http://a.test/?b"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[2Kb", "a⟦U+001B⟧[2Kb"),
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("a\u200bb", "a⟦U+200B⟧b"),
        ("a\u00a0b", "a⟦U+00A0⟧b"),
        ("a\rb\tc\x00", "a⟦U+000D⟧b⟦U+0009⟧c⟦U+0000⟧"),
        ("a\nb c", "a\nb c"),
        ("größe", "größe"),
    ],
)
def test_letters_that_cannot_be_seen_are_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_letters_that_look_like_others_are_named() -> None:
    assert foreign("\u0440m x") == ("\u0440 is CYRILLIC SMALL LETTER ER",)
    assert foreign("rm x") == ()


def test_what_is_too_long_to_be_read_is_not_asked_about() -> None:
    assert len(shown("shell", {"command": "x" * LONGEST})) == LONGEST
    with pytest.raises(BadRequest, match="smaller steps"):
        shown("shell", {"command": "x" * (LONGEST + 1)})
    with pytest.raises(BadRequest, match="smaller steps"):
        shown("shell", {"command": "\t" * (LONGEST // 2)})
