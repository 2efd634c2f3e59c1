import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.subagents.sandbox import watch
from core.subagents.sandbox.watch import Watch

MB = 1 << 20


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


async def test_what_is_found_is_told_until_the_watching_ends(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PERIOD_S", 0.01)
    told: asyncio.Queue[str] = asyncio.Queue()
    watching = Watch(executor)
    end = watching.add(lambda: "disk", told.put_nowait)
    assert [await told.get(), await told.get()] == ["disk", "disk"]
    end()
    looked = asyncio.Event()
    other = watching.add(lambda: "memory", lambda why: looked.set())
    while not told.empty():
        told.get_nowait()
    await looked.wait()
    assert told.empty()
    other()


def recorded(watching: Watch, monkeypatch: pytest.MonkeyPatch) -> "asyncio.Queue[float]":
    """Keep how long it means to wait each time, and let it wait a thousandth of that."""
    waits: asyncio.Queue[float] = asyncio.Queue()
    arm = watching._arm

    def noted(seconds: float) -> None:
        waits.put_nowait(seconds)
        arm(seconds / 1000)

    monkeypatch.setattr(watching, "_arm", noted)
    return waits


async def test_it_sleeps_when_nothing_is_watched(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watch(executor)
    waits = recorded(watching, monkeypatch)
    watching.add(lambda: None, lambda why: None)()
    assert await waits.get() == 1.0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waits.get(), 0.1)
    end = watching.add(lambda: None, lambda why: None)  # and it wakes again
    assert [await waits.get(), await waits.get()] == [1.0, 1.0]
    end()


async def test_looking_takes_a_twentieth_of_the_time_at_most(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 13.0, 20.0, 20.0])
    monkeypatch.setattr(watch, "monotonic", lambda: next(clock))
    watching = Watch(executor)
    waits = recorded(watching, monkeypatch)
    end = watching.add(lambda: None, lambda why: None)
    assert [await waits.get(), await waits.get()] == [1.0, 60.0]
    end()


def test_a_workspace_within_its_bounds_is_fine(workspace: Path) -> None:
    (workspace / "a").write_bytes(bytes(MB))
    (workspace / "b").mkdir()
    (workspace / "b" / "c").write_bytes(bytes(MB))
    assert watch.disk(workspace, 3, ()) is None
    assert watch.disk(workspace, 1, ()) == "disk: more than the 1 MB that a job may use"


def test_a_file_with_two_names_counts_once(workspace: Path) -> None:
    (workspace / "a").write_bytes(bytes(MB))
    for name in "bcdef":
        (workspace / name).hardlink_to(workspace / "a")
    assert watch.disk(workspace, 2, ()) is None


def test_a_hole_in_a_file_takes_no_disk(workspace: Path) -> None:
    with (workspace / "a").open("wb") as file:
        file.truncate(1 << 40)
    assert watch.disk(workspace, 1, ()) is None


def test_a_link_is_not_followed(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(4 * MB))
    (workspace / "file").symlink_to(tmp_path / "big")
    (workspace / "folder").symlink_to(tmp_path)
    assert watch.disk(workspace, 1, ()) is None


def test_a_deleted_file_that_is_held_open_counts(workspace: Path) -> None:
    with (workspace / "a").open("wb") as file:
        file.write(bytes(4 * MB))
        file.flush()
        (workspace / "a").unlink()
        assert watch.disk(workspace, 2, ()) is None
        found = watch.disk(workspace, 2, (os.getpid(),))
    assert found is not None
    assert found.startswith("disk")


def test_too_many_files_are_told(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_MOST_FILES", 10)
    for number in range(11):
        (workspace / str(number)).touch()
    assert watch.disk(workspace, 1, ()) == "disk: more than 10 files in the workspace"


def test_what_hides_in_the_deep_is_told(workspace: Path) -> None:
    fd = os.open(workspace, os.O_RDONLY)
    for _ in range(150):
        os.mkdir("x" * 200, dir_fd=fd)
        below = os.open("x" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    assert "nested more than 100 deep" in (watch.disk(workspace, 1, ()) or "")


def test_no_descriptor_is_left_open(workspace: Path) -> None:
    (workspace / "a").mkdir()
    (workspace / "a" / "b").write_bytes(bytes(2 * MB))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for limit in (1, 5):
        watch.disk(workspace, limit, ())
    watch.disk(workspace / "missing", 1, ())
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_memory_and_processes_are_counted_over_all() -> None:
    mine = os.getpid()
    assert watch.memory_and_processes([mine], 1 << 20, 1) is None
    assert (
        watch.memory_and_processes([mine], 1, 1) == "memory: more than the 1 MB that a job may use"
    )
    found = watch.memory_and_processes([mine] * 5, 1 << 20, 1)
    assert found == "processes: more than the 1 that a job may run"
    assert watch.memory_and_processes([mine] * 5, 1 << 20, None) is None
    assert watch.memory_and_processes([2**22 + 1], 1, 1) is None
