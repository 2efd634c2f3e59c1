import os
from pathlib import Path

import pytest

from core.search import folder
from core.search.folder import open_file, survey


def seen(root: Path, start: str = "") -> dict[str, str | None]:
    return {entry.path: entry.skipped for entry in survey(root, start, lambda _: None)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "top.log").write_text("x")
    (root / "a" / "one.log").write_text("x")
    (root / "a" / "b" / "two.log").write_text("x")
    (root / "ab.log").write_text("x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    return root


def test_everything_below_a_path_is_seen_once(root: Path) -> None:
    everything = {"top.log": None, "a/one.log": None, "a/b/two.log": None, "ab.log": None}
    assert seen(root) == everything
    assert seen(root, "a") == {"a/one.log": None, "a/b/two.log": None}
    assert seen(root, "a/b/two.log") == {"a/b/two.log": None}
    assert seen(root, "a/missing") == seen(root, "missing/deeper") == {}
    assert seen(root, "top.log/below") == {}


def test_a_folder_is_entered_before_it_is_listed(root: Path) -> None:
    entered: list[str] = []

    def enter(path: str) -> None:
        entered.append(path)
        (root / path / "late.log").write_text("x")

    paths = {entry.path for entry in survey(root, "", enter)}
    assert sorted(entered) == ["", "a", "a/b"]
    assert {"late.log", "a/late.log", "a/b/late.log"} <= paths


def test_links_are_never_followed(root: Path) -> None:
    (root / "out").symlink_to(root.parent / "outside")
    (root / "a" / "loop").symlink_to(root)
    link = "is a symbolic link; links are not followed"
    assert seen(root)["out"] == seen(root)["a/loop"] == link
    assert seen(root, "out/secret") == seen(root, "a/loop/top.log") == {}
    (root / "link.log").symlink_to(root / "top.log")
    for path in ("out/secret", "a/loop/top.log", "link.log"):
        with pytest.raises(OSError):  # noqa: PT011  (which error depends on the system)
            open_file(root, path)


def test_the_folder_itself_may_be_a_link(root: Path) -> None:
    (root.parent / "current").symlink_to(root)
    assert "a/b/two.log" in seen(root.parent / "current")


def test_a_fifo_in_a_file_s_place_holds_nobody_up(root: Path) -> None:
    os.mkfifo(root / "pipe")
    os.close(open_file(root, "pipe"))
    assert seen(root)["pipe"] == "is not a regular file"


def test_version_control_s_own_data_is_left_out(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    assert ".git/config" not in seen(root)


def test_very_deep_folders_are_skipped_and_take_few_descriptors(root: Path) -> None:
    path = root
    for _ in range(folder.DEEPEST + 5):
        path /= "d"
        path.mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert "is nested too deeply" in seen(root).values()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_root_that_is_no_folder_is_an_error(root: Path) -> None:
    with pytest.raises(NotADirectoryError):
        seen(root / "top.log")
    with pytest.raises(FileNotFoundError):
        seen(root / "missing")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root's rights, so it needs them")
def test_what_may_not_be_read_is_skipped_with_the_reason(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a" / "b").chmod(0o700)
    root.chmod(0o755)
    # The folders above belong to root alone, so the way there is not walked again.
    monkeypatch.chdir(root)
    os.seteuid(65534)
    try:
        found = seen(Path(), "a")
    finally:
        os.seteuid(0)
    assert found == {"a/one.log": None, "a/b": "cannot be read: Permission denied"}
