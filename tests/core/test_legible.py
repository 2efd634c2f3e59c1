"""What people are shown of letters that nobody sees."""

import pytest

from core.legible import legible, named


@pytest.mark.parametrize(
    "text",
    ["", "plain", "Zürich, 東京", "two\nlines\tlaid out", "\u0645\u06cc\u200c\u062e", "👩‍💻"],
)
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\r", "\u00ad", "\u200b", "\u202e", "\U000e0041"])
def test_what_nobody_sees_is_written_out(letter: str) -> None:
    number = f"U+{ord(letter):04X}"
    assert named(letter) == f"⟦{number}⟧"
    assert legible(f"a{letter}b") == f"a⟦{number}⟧b"
