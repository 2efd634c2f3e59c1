"""What files are called in the workspace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attachments.names import cleaned, numbered
from core.state.files import check_file
from core.state.operations import FileChange


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("build.log", "build.log"),
        ("My report (final).PDF", "My report (final).PDF"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\log.txt", "log.txt"),
        ("a/b/", "b"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("~root", "root"),
        ("..", "file"),
        ("", "file"),
        (" \n\t ", "file"),
        ("\0", "file"),
        ("a\nb\tc.txt", "a b c.txt"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("half\ud800.txt", "half?.txt"),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
        ("日本語.txt", "日本語.txt"),
        ('say "<b>`x`.html', "say '(b)'x'.html"),
        ("ends with dots...", "ends with dots"),
    ],
)
def test_a_name_becomes_one_plain_part_of_a_path(sent: str, kept: str) -> None:
    assert cleaned(sent) == kept


def test_a_long_name_is_cut_before_its_ending_and_between_letters() -> None:
    kept = cleaned("日" * 500 + ".tar")
    assert kept.endswith("日.tar")
    assert 170 < len(kept.encode()) <= 180
    assert len(cleaned("x." + "y" * 500).encode()) <= 180


def test_numbers_stand_before_the_ending_and_fit() -> None:
    assert numbered("log.txt", 2) == "log (2).txt"
    assert numbered("README", 3) == "README (3)"
    assert numbered("version 1.0 of it", 2) == "version 1.0 of it (2)"
    assert len(numbered(cleaned("x" * 500 + ".txt"), 123_456).encode()) < 250


@given(st.text(st.characters(), max_size=300))
def test_whatever_it_was_called_it_can_be_kept_and_stays_the_same(name: str) -> None:
    kept = cleaned(name)
    check_file(FileChange(path=f"inbox/{kept}", content=b""))
    assert cleaned(kept) == kept
    assert not kept.startswith((".", "-"))
    assert not set(kept) & set('/\\"`<>')
