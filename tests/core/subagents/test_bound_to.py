import os
from pathlib import Path

from core.subagents.bound_to import digest


def of(command: str, workspace: Path) -> str:
    return digest("shell", {"command": command}, workspace)


def test_the_same_call_on_the_same_files_has_the_same(workspace: Path) -> None:
    (workspace / "a.sh").write_text("ls")
    assert of("sh a.sh", workspace) == of("sh a.sh", workspace)
    assert of("sh a.sh", workspace) != of("sh  a.sh", workspace)
    assert digest("shell", {"command": "x"}, workspace) != digest(
        "python", {"command": "x"}, workspace
    )


def test_it_moves_with_the_files_that_the_call_names_and_no_others(workspace: Path) -> None:
    (workspace / "bin").mkdir()
    for name in ("a.sh", "bin/b.sh", "c.sh"):
        (workspace / name).write_text("ls")
    command = "sh './a.sh' && sh /workspace/bin/b.sh"
    before = of(command, workspace)
    (workspace / "c.sh").write_text("rm")
    assert of(command, workspace) == before
    (workspace / "bin/b.sh").write_text("rm")
    moved = of(command, workspace)
    assert moved != before
    (workspace / "a.sh").unlink()
    assert of(command, workspace) not in (before, moved)


def test_links_pipes_and_folders_are_not_read(workspace: Path) -> None:
    (workspace.parent / "secret").write_text("1")
    (workspace / "link").symlink_to(workspace.parent / "secret")
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()
    before = of("cat link pipe folder ../secret", workspace)
    (workspace.parent / "secret").write_text("2")
    assert of("cat link pipe folder ../secret", workspace) == before


def test_names_are_found_below_lists_and_objects(workspace: Path) -> None:
    (workspace / "a").write_text("1")
    before = digest("mcp__x__y", {"list": [{"path": "a"}]}, workspace)
    (workspace / "a").write_text("2")
    assert digest("mcp__x__y", {"list": [{"path": "a"}]}, workspace) != before
