import os
import subprocess
from pathlib import Path

import pytest

from core.subagents.sandbox import cgroup
from core.subagents.sandbox.cgroup import Group, Groups
from core.subagents.sandbox.leftovers import own_name

DEAD = "thaw-4194305-1"


def proc(tmp_path: Path, membership: str) -> Path:
    """A /proc whose own process is in these groups."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(membership)
    return tmp_path / "proc"


@pytest.fixture
def version_1(tmp_path: Path) -> tuple[Path, Path]:
    """The folders of a first-version machine, without the files a kernel would make."""
    root = tmp_path / "cgroup"
    (root / "memory" / "box" / DEAD / "job-1").mkdir(parents=True)
    (root / "pids" / DEAD).mkdir(parents=True)
    (root / "cpu" / "x").mkdir(parents=True)
    return root, proc(
        tmp_path, "9:name=systemd:/\n8:pids:/\n4:memory:/box\n3:cpu,cpuacct:/x\n2:cpuset:/\n0::/\n"
    )


@pytest.fixture
def version_2(tmp_path: Path) -> tuple[Path, Path]:
    """The folders of a second-version machine where this process is alone in its group."""
    root = tmp_path / "cgroup"
    own = root / "system" / "thaw.service"
    own.mkdir(parents=True)
    (root / "cgroup.controllers").write_text("memory pids")
    (own / "cgroup.type").write_text("domain")
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    return root, proc(tmp_path, "0::/system/thaw.service\n")


def test_groups_of_the_first_version_are_made_below_the_own_ones(
    version_1: tuple[Path, Path],
) -> None:
    root, proc = version_1
    found = cgroup.find(root, proc)
    assert isinstance(found, Groups)
    assert found.places == {
        "memory": root / "memory" / "box" / own_name(),
        "pids": root / "pids" / own_name(),
        "cpu": root / "cpu" / "x" / own_name(),
    }
    group = found.make("job-1", 64, 20)
    assert (group.memory / "memory.limit_in_bytes").read_text() == str(64 << 20)
    assert (found.places["pids"] / "job-1" / "pids.max").read_text() == "20"
    group.enter(77)
    assert [(folder / "cgroup.procs").read_text() for folder in group.folders] == ["77"] * 3


def test_in_the_first_version_a_thread_goes_in_and_comes_back(
    version_1: tuple[Path, Path],
) -> None:
    root, proc = version_1
    homes = [root / "memory/box/tasks", root / "pids/tasks", root / "cpu/x/tasks"]
    for home in homes:
        home.touch()
    found = cgroup.find(root, proc)
    assert isinstance(found, Groups)
    group = found.make("job-1", 64, 20)
    with pytest.raises(ZeroDivisionError), group.births():  # noqa: PT012 - what is inside counts
        assert [(folder / "tasks").read_text() for folder in group.folders] == ["0"] * 3
        assert [home.read_text() for home in homes] == [""] * 3
        raise ZeroDivisionError
    assert [home.read_text() for home in homes] == ["0"] * 3
    group.enter(77)
    assert not (group.memory / "cgroup.procs").exists()


def test_a_group_of_the_second_version_has_both_bounds(version_2: tuple[Path, Path]) -> None:
    root, proc = version_2
    found = cgroup.find(root, proc)
    assert isinstance(found, Groups)
    own = root / "system" / "thaw.service"
    # A group that passes controllers on may hold no process, so the bot has moved to a leaf.
    assert (own / "thaw-bot" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / own_name() / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / "cgroup.subtree_control").read_text() == "+cpu"  # the last of two writes
    assert (own / own_name() / "cpu.weight").read_text() == "25"
    group = found.make("job-1", 64, 20)
    assert group.folders == (own / own_name() / "job-1",)
    assert (group.memory / "memory.max").read_text() == str(64 << 20)
    assert (group.memory / "pids.max").read_text() == "20"


def test_a_bot_that_has_moved_to_its_leaf_finds_the_same_place_again(
    version_2: tuple[Path, Path],
) -> None:
    root, proc = version_2
    (root / "system" / "thaw.service" / "thaw-bot").mkdir()
    (root / "system" / "thaw.service" / "cgroup.procs").write_text("")
    (proc / "self" / "cgroup").write_text("0::/system/thaw.service/thaw-bot\n")
    found = cgroup.find(root, proc)
    assert isinstance(found, Groups)
    assert found.places["memory"] == root / "system" / "thaw.service" / own_name()


def test_a_group_shared_with_others_is_left_alone_and_it_is_said_what_to_do(
    version_2: tuple[Path, Path],
) -> None:
    root, proc = version_2
    (root / "system" / "thaw.service" / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    found = cgroup.find(root, proc)
    assert isinstance(found, str)
    assert "Delegate=yes" in found
    assert not (root / "system" / "thaw.service" / "thaw-bot").exists()


@pytest.mark.parametrize("membership", ["", "0::/\n", "8:pids:/\n", "nonsense"])
def test_where_no_group_can_be_made_it_is_said(tmp_path: Path, membership: str) -> None:
    (tmp_path / "cgroup").mkdir()
    found = cgroup.find(tmp_path / "cgroup", proc(tmp_path, membership))
    assert isinstance(found, str)
    assert "no control group" in found


def test_the_groups_of_dead_bots_are_removed_and_no_others(version_1: tuple[Path, Path]) -> None:
    root, proc = version_1
    (root / "memory" / "box" / "other").mkdir()
    alive = root / "memory" / "box" / own_name() / "job-7"
    alive.mkdir(parents=True)
    cgroup.find(root, proc)
    assert not (root / "memory" / "box" / DEAD).exists()
    assert not (root / "pids" / DEAD).exists()
    assert (root / "memory" / "box" / "other").exists()
    assert alive.exists()


def test_a_group_that_cannot_be_bounded_is_not_left_behind(
    version_1: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = cgroup.find(*version_1)
    assert isinstance(found, Groups)

    def refuse(path: Path, value: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(cgroup, "put", refuse)
    with pytest.raises(OSError, match="no"):
        found.make("job-1", 64, 20)
    assert not any((place / "job-1").exists() for place in found.places.values())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", True),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", False),
        ("memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0\n", True),
        ("memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 0\n", False),
        ("other", "", False),
    ],
)
def test_whether_memory_ran_out_is_read_from_either_version(
    tmp_path: Path, name: str, text: str, expected: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert Group(memory=tmp_path, folders=(tmp_path,)).out_of_memory() is expected


@pytest.fixture
def real() -> Groups:
    found = cgroup.find()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def test_on_this_machine_what_is_started_is_in_the_group(real: Groups) -> None:
    group = real.make(f"born-{os.getpid()}", 64, 20)
    try:
        with group.births():
            process = subprocess.Popen(["sleep", "1000"])
        group.enter(process.pid)
        assert group.processes() == [process.pid]
        process.kill()
        process.wait()
    finally:
        group.remove()
    assert not group.memory.exists()


def test_on_this_machine_a_group_holds_who_entered_and_is_removed_when_empty(real: Groups) -> None:
    group = real.make(f"test-{os.getpid()}", 64, 20)
    try:
        assert group.processes() == []
        assert not group.out_of_memory()
    finally:
        group.remove()
    assert not any(folder.exists() for folder in group.folders)
    with pytest.raises(OSError, match=r"."):
        group.processes()
