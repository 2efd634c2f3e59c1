from pathlib import Path

import pytest

from core.errors import BadRequest
from core.state.files import StateFile
from core.subagents.journal_rows import FileRow
from core.subagents.workspace import (
    MOST_CHANGED_BYTES,
    changes,
    missing,
    product,
    space_mb,
)
from core.subagents.workspace_scan import Found, Scanned, WorkspaceUnfit


def base(*paths: str) -> tuple[StateFile, ...]:
    return tuple(
        StateFile(path=path, sha256="same", size=1, executable=False, commit=1) for path in paths
    )


def found(sha256: str = "same", size: int = 1) -> Found:
    return Found(sha256=sha256, size=size, executable=False)


def row(path: str, sha256: str | None) -> FileRow:
    return FileRow(path=path, sha256=sha256, executable=False)


def test_new_changed_and_deleted_files_are_changes_and_the_others_are_none() -> None:
    scanned = Scanned(files={"kept": found(), "changed": found("other"), "new": found("new")})
    assert changes(base("kept", "changed", "gone"), scanned) == (
        row("changed", "other"),
        row("gone", None),
        row("new", "new"),
    )


def test_what_could_not_be_taken_is_not_deleted() -> None:
    scanned = Scanned(refused={"folder": "cannot be read", "link": "it is a symbolic link"})
    assert changes(base("folder/a/b", "link", "folders"), scanned) == (row("folders", None),)


def test_files_of_the_state_in_folders_that_are_never_looked_at_are_not_deleted() -> None:
    assert changes(base("a/__pycache__/x", ".thaw/y", ".cache/z"), Scanned()) == ()


def test_more_bytes_than_fit_are_refused_as_a_whole() -> None:
    half = found("x", MOST_CHANGED_BYTES // 2 + 1)
    assert len(changes((), Scanned(files={"a": half}))) == 1
    with pytest.raises(WorkspaceUnfit, match="bytes are taken over"):
        changes((), Scanned(files={"a": half, "b": half}))


def test_a_product_is_named_relative_to_the_workspace_and_stays_inside() -> None:
    assert product("/workspace/a/b.md") == product("./a/b.md") == "a/b.md"
    for wrong in ("../x", "/etc/passwd", "a/../../x", "", "a\nb", "a//b", ".thaw/output-1.txt"):
        with pytest.raises(BadRequest):
            product(wrong)


def test_only_regular_files_below_the_workspace_are_there(workspace: Path) -> None:
    (workspace / "folder").mkdir()
    (workspace / "folder" / "file").touch()
    (workspace / "out").symlink_to("/etc")
    (workspace / "link").symlink_to("folder/file")
    names = ("folder/file", "folder", "out/passwd", "link", "nope", "folder/file/x")
    assert missing(workspace, names) == names[1:]


def test_files_take_whole_blocks_of_the_disk_and_so_do_their_folders() -> None:
    assert space_mb(()) == 0
    assert space_mb(base("one")) == 1
    assert space_mb(base(*(f"{number}" for number in range(512)))) == 2
    assert space_mb(base(*(f"folder/{number}" for number in range(512)))) == 4
