import os
from pathlib import Path

import pytest

from core.subagents import workspace_manifest
from core.subagents.workspace_manifest import changed, walk


def test_every_way_of_changing_a_file_is_seen(workspace: Path) -> None:
    for name in ("same", "longer", "rewritten", "replaced", "gone"):
        (workspace / name).write_text("x")
    before = walk(workspace)
    assert before is not None
    (workspace / "longer").write_text("xx")
    os.utime(workspace / "rewritten", ns=(1, 1))
    (workspace / "spare").write_text("x")
    (workspace / "spare").replace(workspace / "replaced")
    (workspace / "gone").unlink()
    (workspace / "new").symlink_to("/")
    found = changed(before, walk(workspace))
    assert found == ("gone", "longer", "new", "replaced", "rewritten")


def test_links_are_not_followed(workspace: Path) -> None:
    (workspace / "out").symlink_to("/usr")
    found = walk(workspace)
    assert found is not None
    assert found.keys() == {"out"}


def test_too_many_files_are_not_compared(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = walk(workspace)
    assert before == {}
    monkeypatch.setattr(workspace_manifest, "MOST_FILES", 2)
    for number in range(3):
        (workspace / str(number)).touch()
    assert walk(workspace) is None
    assert changed(before, walk(workspace)) == ()
