import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.state.text import MOST_LINES
from core.state.text_diff import LONGEST_LINE, diff_lines
from tests.core.state.git import git

TEXT = b"".join(b"line %d\n" % n for n in range(1, 31))
LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=40).map("".join)


def test_a_diff_shows_changes_with_what_is_around_them() -> None:
    assert diff_lines(TEXT, TEXT.replace(b"line 10\n", b"new\nnewer\n"), context=1) == (
        "@@ -9,3 +9,4 @@",
        " line 9",
        "-line 10",
        "+new",
        "+newer",
        " line 11",
    )


def test_equal_texts_have_no_diff() -> None:
    assert diff_lines(TEXT, TEXT) == ()


def test_a_diff_is_cut_and_says_how_much_is_left() -> None:
    shown = diff_lines(TEXT, TEXT.upper(), most=10)
    assert shown[:3] == ("@@ -1,30 +1,30 @@", "-line 1", "-line 2")
    assert shown[10:] == ("… 51 more changed lines",)


def test_a_diff_that_just_fits_is_not_cut() -> None:
    whole = diff_lines(TEXT, b"new\n" + TEXT)
    assert diff_lines(TEXT, b"new\n" + TEXT, most=len(whole)) == whole == (
        "@@ -1,3 +1,4 @@", "+new", " line 1", " line 2", " line 3"
    )  # fmt: skip


def test_of_a_long_line_the_part_with_the_change_is_shown() -> None:
    old = "é" * 1000 + "old" + "x" * 1000 + "\n"
    _, minus, plus = diff_lines(old.encode(), old.replace("old", "new").encode())
    assert minus.startswith("-…éé")
    assert "éoldxx" in minus
    assert "énewxx" in plus
    assert minus.endswith("xx…")
    assert len(minus) == len(plus) == 1 + 1 + LONGEST_LINE + 1


@pytest.mark.parametrize("count", range(4))
def test_no_character_of_a_long_line_is_cut_in_two(count: int) -> None:
    old = "\N{GRINNING FACE}" * 1000 + "a" * count + "old\n"
    _, minus, plus = diff_lines(old.encode(), old.replace("old", "new").encode())
    assert "\ufffd" not in minus + plus
    assert minus.endswith("\N{GRINNING FACE}" + "a" * count + "old")


def test_a_long_line_of_bytes_that_are_no_text_is_shown_at_once() -> None:
    old = b"\x80" * 1_000_000
    assert [len(line) for line in diff_lines(old + b"a\n", old + b"b\n")[1:]] == [43, 43]


def test_nothing_that_is_shown_can_move_a_cursor_or_turn_text_around() -> None:
    hostile = "\x1b[2J\ta\r\x00\x7f\x85\u2028\u202e\u2066b"
    filled = "x\n" * 5000
    shown = diff_lines(filled.encode(), (filled + hostile + "\n").encode())
    assert shown[-1] == "+␛[2J\ta␍␀␡����b"


@pytest.mark.parametrize("other", [b"\0", b"\n" * (MOST_LINES + 1)])
def test_what_is_no_text_is_only_measured(other: bytes) -> None:
    assert diff_lines(b"abc\n", other) == (f"not shown: 4 bytes became {len(other):,} bytes",)


@pytest.mark.needs_system("git")
@settings(max_examples=60)
@given(LINES, LINES, st.integers(0, 3), st.booleans())
def test_a_diff_is_the_one_that_git_shows(
    tmp_path_factory: pytest.TempPathFactory, old: str, new: str, context: int, is_open: bool
) -> None:
    new = new[:-1] if is_open else new
    folder = tmp_path_factory.mktemp("diff")
    judged = gits_diff(folder, old.encode(), new.encode(), context)
    assert list(diff_lines(old.encode(), new.encode(), context, most=1000)) == judged


def gits_diff(folder: Path, old: bytes, new: bytes, context: int) -> list[str]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    shown = git(
        folder, "diff", "--no-index", "--no-indent-heuristic", f"-U{context}", "old", "new", ends=1
    )
    first = re.search(r"^@@", shown.decode(), re.MULTILINE)
    body = shown.decode()[first.start() :] if first else ""
    return [re.sub(r"^(@@.*@@).*", r"\1", line) for line in body.splitlines()]
