import os
from pathlib import Path

import pytest

from core.subagents.runtime.files import edit_file, list_files, read_file, write_file
from core.subagents.runtime.tree import Tree


@pytest.fixture
def tree(workspace: Path) -> Tree:
    return Tree(str(workspace), {})


def test_a_written_file_can_be_read_and_edited(tree: Tree, workspace: Path) -> None:
    assert write_file(tree, "notes/a.txt", "one\ntwö\n") == "wrote 9 bytes to notes/a.txt"
    assert read_file(tree, "notes/a.txt") == "one\ntwö\n"
    assert edit_file(tree, "notes/a.txt", "twö", "2") == "edited notes/a.txt at line 2"
    assert (workspace / "notes/a.txt").read_text() == "one\n2\n"


def test_an_edit_needs_exactly_one_place(tree: Tree, workspace: Path) -> None:
    write_file(tree, "a", "x = 1\n  y = 2\nx = 1\n")
    with pytest.raises(ValueError, match="occurs 2 times"):
        edit_file(tree, "a", "x = 1", "x = 2")
    with pytest.raises(ValueError, match="does not occur"):
        edit_file(tree, "a", "z", "x")
    with pytest.raises(ValueError, match="line 2 is like its first line"):
        edit_file(tree, "a", "    y = 2", "y")
    with pytest.raises(ValueError, match="old is empty"):
        edit_file(tree, "a", "", "y")
    with pytest.raises(ValueError, match="does not exist"):
        edit_file(tree, "b", "x", "y")
    assert (workspace / "a").read_text() == "x = 1\n  y = 2\nx = 1\n"


def test_an_edit_that_misses_only_by_line_ends_says_so(tree: Tree, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"one\r\ntwo\r\n")
    with pytest.raises(ValueError, match=r"end with \\r\\n"):
        edit_file(tree, "a", "one\ntwo", "x")


def test_an_edit_leaves_bytes_that_are_no_text_alone(tree: Tree, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"\xff one \xfe")
    edit_file(tree, "a", "one", "two")
    assert (workspace / "a").read_bytes() == b"\xff two \xfe"


def test_a_part_of_a_file_tells_where_it_stands(tree: Tree) -> None:
    write_file(tree, "a", "".join(f"line {n}\n" for n in range(1, 11)))
    assert read_file(tree, "a", 3, 2) == "line 3\nline 4\n[lines 3 to 4; the file goes on]"
    assert read_file(tree, "a", 10, 5) == "line 10\n[lines 10 to 10; the file ends here]"
    assert read_file(tree, "a", 11) == "(the file ends at line 10)"
    write_file(tree, "b", "")
    assert read_file(tree, "b") == "(the file is empty)"


def test_a_long_file_is_read_in_parts_that_follow_on_each_other(tree: Tree) -> None:
    lines = [f"{n:06} {'x' * 90}\n" for n in range(1, 3001)]
    write_file(tree, "a", "".join(lines))
    first = read_file(tree, "a")
    *shown, note = first.splitlines()
    assert len(first) < 31_000
    assert note == f"[lines 1 to {len(shown)}; the file goes on]"
    assert read_file(tree, "a", len(shown) + 1, 1).startswith(lines[len(shown)])


def test_one_line_of_many_megabytes_is_clipped(tree: Tree, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"x" * (5 << 20) + b"\nnext\n")
    text = read_file(tree, "a")
    assert text.endswith("[... the rest of this long line is cut ...]\nnext\n")
    assert len(text) < 3000


def test_a_file_that_is_no_text_is_not_shown(tree: Tree, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"\x7fELF\0\0")
    with pytest.raises(ValueError, match="not text"):
        read_file(tree, "a")


def test_bytes_that_are_no_utf_8_are_replaced(tree: Tree, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"caf\xe9\n")
    assert read_file(tree, "a") == "caf\ufffd\n"


def test_a_list_shows_everything_with_what_it_is(tree: Tree, workspace: Path) -> None:
    write_file(tree, "b/c.txt", "123")
    write_file(tree, "a.txt", "1")
    (workspace / "link").symlink_to("/etc")
    os.mkfifo(workspace / "pipe")
    (workspace / "new\nline").write_text("")
    assert list_files(tree).splitlines() == [
        ".thaw/",
        "a.txt  1",
        "b/",
        "link  (a link, not followed)",
        "'new\\nline'  0",
        "pipe  (a device, pipe or socket)",
        "b/c.txt  3",
    ]
    assert list_files(tree, "b") == "b/c.txt  3"
    assert list_files(tree, "/workspace/b") == "/workspace/b/c.txt  3"


def test_a_list_of_very_many_files_is_cut(tree: Tree, workspace: Path) -> None:
    for number in range(1500):
        (workspace / f"{number}").touch()
    lines = list_files(tree).splitlines()
    assert len(lines) == 1001
    assert "more than 1000 entries" in lines[-1]


def test_an_empty_workspace_has_no_files(tree: Tree) -> None:
    assert list_files(tree) == "(no files)"
    with pytest.raises(ValueError, match="does not exist"):
        list_files(tree, "missing")
