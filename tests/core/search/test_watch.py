import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.search import watch as watch_module
from core.search.watch import Watch


class Changes:
    """What a watch told, with a way to wait for the next."""

    def __init__(self, root: Path) -> None:
        self.paths: list[str] = []
        self.told = asyncio.Event()
        self.watch = Watch(root, self._changed)

    def _changed(self, path: str) -> None:
        self.paths.append(path)
        self.told.set()

    def taken(self) -> set[str]:
        self.watch.drain()
        paths, self.paths = set(self.paths), []
        return paths


def kept_by_the_kernel() -> int:
    """How many events wait to be read before the kernel drops further ones."""
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


def highest_descriptor() -> int:
    return max(int(fd.name) for fd in Path("/proc/self/fd").iterdir())


@pytest.fixture
async def changes(tmp_path: Path) -> AsyncIterator[Changes]:
    (tmp_path / "root").mkdir()
    changes = Changes(tmp_path / "root")
    changes.watch.open()
    changes.watch.enter("")
    yield changes
    changes.watch.close()


async def test_a_change_wakes_the_loop_by_itself(changes: Changes, tmp_path: Path) -> None:
    (tmp_path / "root" / "a").write_text("x")
    await asyncio.wait_for(changes.told.wait(), 60)
    assert changes.taken() == {"a"}


async def test_every_kind_of_change_is_told(changes: Changes, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").write_text("x")
    assert changes.taken() == {"a"}
    with (root / "a").open("a") as file:
        file.write("more")
        file.flush()
        assert changes.taken() == {"a"}
    assert changes.taken() == {"a"}
    (root / "a").chmod(0o600)
    assert changes.taken() == {"a"}
    (root / "a").rename(root / "b")
    assert changes.taken() == {"a", "b"}
    (root / "b").read_text()
    assert changes.taken() == set()
    (root / "b").unlink()
    assert changes.taken() == {"b"}


async def test_entered_folders_are_watched_and_left_ones_are_not(
    changes: Changes, tmp_path: Path
) -> None:
    inner = tmp_path / "root" / "inner"
    inner.mkdir()
    assert changes.taken() == {"inner"}
    changes.watch.enter("inner")
    (inner / "x").write_text("x")
    assert changes.taken() == {"inner/x"}
    inner.rename(tmp_path / "away")
    assert changes.taken() == {"inner"}
    (tmp_path / "away" / "y").write_text("x")
    assert changes.taken() == set()


async def test_the_root_going_and_coming_back_is_told(changes: Changes, tmp_path: Path) -> None:
    (tmp_path / "root").rename(tmp_path / "old")
    assert changes.taken() == {""}
    (tmp_path / "other").mkdir()
    assert changes.taken() == set()
    (tmp_path / "root").mkdir()
    assert changes.taken() == {""}


async def test_more_changes_than_the_kernel_keeps_mean_everything(
    changes: Changes, tmp_path: Path
) -> None:
    # Each round is at least two events that the kernel cannot join.
    for n in range(kept_by_the_kernel() // 2 + 10):
        path = tmp_path / "root" / f"f{n % 2}"
        path.touch()
        path.unlink()
    assert "" in changes.taken()


async def test_without_inotify_it_says_when_changes_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "_loaded", object())
    watch = Watch(tmp_path, lambda _: None)
    watch.open()
    watch.enter("")
    watch.drain()
    assert watch.trouble == (
        "changes are only noticed at the next start: this system has no inotify"
    )
    watch.close()


async def test_no_descriptors_left_is_said_and_harmless(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    watch = Watch(tmp_path, lambda _: None)
    used = highest_descriptor()
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 2, hard))
        while True:
            held.append(os.dup(0))
    except OSError:
        watch.open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in held:
            os.close(fd)
    assert "Too many open files" in (watch.trouble or "")
    watch.close()
