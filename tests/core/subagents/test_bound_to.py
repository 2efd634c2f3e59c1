import os
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "command",
    [
        "cd bin && sh 'run me.sh'",
        'cd ./bin/ && sh "run me.sh"',
        r"sh bin/run\ me.sh",
        "sh '/workspace/bin/run me.sh'",
        'sh "./bin/run me.sh"',
        "x='it is'; sh 'bin/run me.sh'",
    ],
)
def test_a_file_counts_however_it_is_named(workspace: Path, command: str) -> None:
    (workspace / "bin").mkdir()
    (workspace / "bin/run me.sh").write_text("ls")
    before = of(command, workspace)
    (workspace / "bin/run me.sh").write_text("rm")
    assert of(command, workspace) != before


@pytest.mark.parametrize(
    "command",
    [
        "sh link.sh", "sh linked/run.sh", "cd linked && sh run.sh", "sh far/../bin/run.sh",
        "sh ../workspace/bin/run.sh", "cd bin && sh ../bin/run.sh", "sh /workspace//bin/./run.sh",
        "sh bin/run'.sh'", 'sh "bin"/run.sh', r"sh bin/r\un.sh", "sh ~/bin/run.sh",
        "sh $PWD/bin/run.sh", "sh ${HOME}/bin/run.sh", "sh bin/*.sh", "sh bin/r?n.sh",
        "sh bin/r[tu]n.sh", "sh bin/{run,walk}.sh", "cd bin; sh r*", "cd bin; sh *", "sh bin/*",
        "X=run; sh bin/$X.sh",
    ],
)  # fmt: skip
def test_a_file_counts_by_whichever_way_a_shell_comes_to_it(workspace: Path, command: str) -> None:
    (workspace / "bin").mkdir()
    (workspace / "link.sh").symlink_to("bin/run.sh")
    (workspace / "linked").symlink_to("/workspace/bin")
    (workspace / "bin/run.sh").write_text("ls")
    before = of(command, workspace)
    assert of(command, workspace) == before
    (workspace / "bin/run.sh").write_text("rm")
    assert of(command, workspace) != before


@pytest.mark.parametrize(
    ("tool", "command"), [("shell", "echo $X $(date)"), ("python", "print(6 * 7)")]
)
def test_what_names_no_file_moves_with_none(workspace: Path, tool: str, command: str) -> None:
    (workspace / "a").write_text("1")
    before = digest(tool, {"command": command}, workspace)
    (workspace / "a").write_text("2")
    assert digest(tool, {"command": command}, workspace) == before


def test_links_that_lead_in_a_circle_have_an_end(workspace: Path) -> None:
    (workspace / "a").symlink_to("b")
    (workspace / "b").symlink_to("a")
    assert of("cat a b/c", workspace) == of("cat a b/c", workspace)


def test_links_pipes_and_folders_are_not_read(workspace: Path) -> None:
    (workspace.parent / "secret").write_text("1")
    (workspace / "link").symlink_to(workspace.parent / "secret")
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()
    (workspace / "out").symlink_to(workspace.parent)
    command = "cat link pipe folder ../secret out/secret out/* out/sec*; cd out; cat secret s*"
    before = of(command, workspace)
    (workspace.parent / "secret").write_text("2")
    (workspace.parent / "second").write_text("3")
    assert of(command, workspace) == before


def test_names_are_found_below_lists_and_objects(workspace: Path) -> None:
    (workspace / "a").write_text("1")
    before = digest("mcp__x__y", {"list": [{"path": "a"}]}, workspace)
    (workspace / "a").write_text("2")
    assert digest("mcp__x__y", {"list": [{"path": "a"}]}, workspace) != before


def test_every_file_counts_however_many_are_named(workspace: Path) -> None:
    names = [f"f{number:03d}" for number in range(200)]
    for name in names:
        (workspace / name).write_text(name)
    before = of(" ".join(names), workspace)
    (workspace / names[-1]).write_text("other")
    assert of(" ".join(names), workspace) != before


def test_a_change_counts_whatever_time_it_pretends_to_be_from(workspace: Path) -> None:
    script = workspace / "run.sh"
    script.write_text("ls a")
    facts, before = script.stat(), of("sh run.sh", workspace)
    script.write_text("rm a")
    os.utime(script, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert of("sh run.sh", workspace) != before


def test_of_what_is_too_long_to_be_read_size_and_time_count(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.subagents.bound_to._MOST_BYTES", 10)
    long = workspace / "long"
    long.write_text("x" * 11)
    os.utime(long, ns=(1, 1))
    before = of("cat long", workspace)
    long.write_text("y" * 11)
    os.utime(long, ns=(1, 1))
    assert of("cat long", workspace) == before
    os.utime(long, ns=(2, 2))
    assert of("cat long", workspace) != before


def test_it_moves_with_what_a_server_says_that_its_tool_does(workspace: Path) -> None:
    digests = {digest("mcp__x__add", {}, workspace, meaning) for meaning in ("", "adds", "deletes")}
    assert len(digests) == 3
