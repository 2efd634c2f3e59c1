import os
from pathlib import Path

import pytest

from core.subagents.runtime.tree import Tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "log.txt").write_text("log")
    return folder


@pytest.fixture
def tree(workspace: Path, source: Path, tmp_path: Path) -> Tree:
    (tmp_path / "secret").write_text("secret")
    return Tree(str(workspace), {"/sources/ci": str(source)})


def content(tree: Tree, path: str) -> bytes:
    with os.fdopen(tree.open(path), "rb") as file:
        return file.read()


@pytest.mark.parametrize("path", ["a/b.txt", "./a//b.txt", "/workspace/a/b.txt", "a/./b.txt"])
def test_a_file_of_the_workspace_is_found_by_each_way_to_write_its_path(
    tree: Tree, workspace: Path, path: str
) -> None:
    tree.replace("a/b.txt", b"text")
    assert content(tree, path) == b"text"
    assert content(tree, f"{workspace}/a/b.txt") == b"text"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "/workspace/../secret",
        "/workspaces/a",
        "/sources/other/x",
        "/sources/ci/../../secret",
        "a\0b",
        "",
        ".",
        "/workspace",
        "/",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tree: Tree, path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        tree.open(path)
    with pytest.raises(ValueError, match=r"."):
        tree.replace(path, b"x")


@pytest.mark.parametrize("target", ["{top}/secret", "../secret", "a.txt", "missing"])
def test_no_link_is_followed(tree: Tree, workspace: Path, tmp_path: Path, target: str) -> None:
    tree.replace("a.txt", b"text")
    (workspace / "link").symlink_to(target.format(top=tmp_path))
    for use in (lambda: tree.open("link"), lambda: tree.replace("link", b"x")):
        with pytest.raises(ValueError, match="link"):
            use()
    assert (tmp_path / "secret").read_text() == "secret"


def test_no_link_to_a_folder_is_followed(tree: Tree, workspace: Path, tmp_path: Path) -> None:
    (workspace / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="link"):
        tree.open("link/secret")
    with pytest.raises(ValueError, match="link"):
        tree.replace("link/new", b"x")
    with pytest.raises(ValueError, match="link"):
        tree.folder("link")
    assert not (tmp_path / "new").exists()


def test_a_scratch_folder_that_was_made_a_link_is_not_followed(
    tree: Tree, workspace: Path, tmp_path: Path
) -> None:
    (workspace / ".thaw").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="link"):
        tree.replace("a", b"x")
    with pytest.raises(ValueError, match="link"):
        tree.create(".thaw/output-1.txt")
    assert not (tmp_path / "output-1.txt").exists()


def test_pipes_devices_and_sockets_are_neither_read_nor_written(
    tree: Tree, workspace: Path
) -> None:
    os.mkfifo(workspace / "pipe")
    with pytest.raises(ValueError, match="device, pipe or socket"):
        tree.open("pipe")
    with pytest.raises(ValueError, match="device, pipe or socket"):
        tree.replace("pipe", b"x")


def test_a_source_can_be_read_but_not_written(tree: Tree, source: Path) -> None:
    assert content(tree, "/sources/ci/log.txt") == b"log"
    with pytest.raises(ValueError, match="read-only"):
        tree.replace("/sources/ci/log.txt", b"x")
    assert (source / "log.txt").read_text() == "log"


def test_a_replaced_file_keeps_its_mode_and_leaves_nothing_beside_it(
    tree: Tree, workspace: Path
) -> None:
    tree.replace("run", b"1")
    (workspace / "run").chmod(0o755)
    tree.replace("run", b"2")
    assert (workspace / "run").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in workspace.iterdir()) == [".thaw", "run"]
    assert list((workspace / ".thaw").iterdir()) == []


def test_a_folder_is_not_overwritten_by_a_file(tree: Tree, workspace: Path) -> None:
    (workspace / "folder").mkdir()
    with pytest.raises(ValueError, match="a folder"):
        tree.replace("folder", b"x")


def test_a_file_is_not_taken_for_a_folder(tree: Tree) -> None:
    tree.replace("file", b"x")
    with pytest.raises(ValueError, match="not a folder"):
        tree.replace("file/below", b"x")


def test_descriptors_are_given_back(tree: Tree, workspace: Path) -> None:
    (workspace / "link").symlink_to("x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("a/b/c", "link/x", "missing/x", "/sources/ci/log.txt", "../x"):
        for use in (tree.open, tree.folder, tree.create):
            try:
                os.close(use(path))
            except (ValueError, OSError):
                continue
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
