from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.subagents.runtime.output import SAVED, SHOWN, Output, clean
from core.subagents.runtime.tree import Tree


@pytest.fixture
def output(workspace: Path) -> Output:
    return Output(Tree(str(workspace), {}), ".thaw/output-1.txt")


def test_a_short_output_is_shown_whole_and_not_saved(output: Output, workspace: Path) -> None:
    output.add(b"one\n")
    output.add(b"two\n")
    assert output.text() == "one\ntwo\n"
    assert not (workspace / ".thaw").exists()


@given(st.lists(st.integers(0, 25_000), max_size=8))
def test_up_to_the_limit_nothing_is_cut(sizes: list[int]) -> None:
    output = Output(Tree("/", {}), "never/opened")
    data = bytes(ord("a") + number % 26 for number in range(sum(sizes)))[:SHOWN]
    at = 0
    for size in sizes:
        output.add(data[at : at + size])
        at += size
    assert output.text() == data.decode()


def test_a_long_output_keeps_head_and_tail_and_is_saved_whole(
    output: Output, workspace: Path
) -> None:
    data = b"".join(b"line %d\n" % number for number in range(20_000))
    for at in range(0, len(data), 777):
        output.add(data[at : at + 777])
    text = output.text()
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 19999\n")
    cut = len(data) - SHOWN
    assert f"[... {cut} bytes cut here; all {len(data)} are in .thaw/output-1.txt ...]" in text
    output.close()
    assert (workspace / ".thaw/output-1.txt").read_bytes() == data


def test_what_is_saved_is_bounded(output: Output, workspace: Path) -> None:
    for _ in range(SAVED // (1 << 20) + 3):
        output.add(b"x" * (1 << 20))
    assert output.full
    assert f"the first {SAVED} of" in output.text()
    output.close()
    assert (workspace / ".thaw/output-1.txt").stat().st_size == SAVED


def test_where_nothing_can_be_saved_the_text_says_so(output: Output, workspace: Path) -> None:
    (workspace / ".thaw").write_text("a file is in the way")
    output.add(b"x" * 100_000)
    assert "could not be saved" in output.text()


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[38;5;196mred\x1b[m\n", "red\n"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b(Btext\x1b=more", "textmore"),
        (b"\x1b[", ""),
        (b"\x1b", ""),
        (b"10%\r20%\r100%\ndone\r\n", "100%\ndone\n"),
        (b"a\r\r\n", "a\n"),
        (b"bell\x07 nul\x00 tab\t\n", "bell nul tab\t\n"),
        (b"caf\xe9 \xf0\x9f\x98\x80", "caf\ufffd \U0001f600"),
    ],
)
def test_text_is_shown_as_a_person_would_see_it(printed: bytes, seen: str) -> None:
    assert clean(printed) == seen


@given(st.binary())
def test_no_control_character_is_left(printed: bytes) -> None:
    assert not {code for code in map(ord, clean(printed)) if code < 32} - {9, 10}
