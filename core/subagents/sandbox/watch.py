"""Looks once a second at running sandboxes, for what no kernel limit bounds. Kills nothing."""

import asyncio
import os
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic

PERIOD_S = 1.0
_SHARE = 20
"""Looking takes at most one part in so many of the time."""
_MOST_FILES = 100_000
_DEEPEST = 100
_OWN = 3
"""Processes that a job does not start: bwrap, its init and the runtime."""

Check = Callable[[], str | None]
"""Returns why a sandbox is to be ended, in words, or None. Runs on a thread."""


class Watch:
    """Calls `broken(why)` on the loop when a check finds something. Sleeps when none is watched."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._watched: dict[int, tuple[Check, Callable[[str], None]]] = {}
        self._next = 0
        self._running = False

    def add(self, check: Check, broken: Callable[[str], None]) -> Callable[[], object]:
        """Watch from now on; returns what ends it."""
        number = self._next = self._next + 1
        self._watched[number] = (check, broken)
        if not self._running:
            self._running = True
            self._arm(PERIOD_S)
        return partial(self._watched.pop, number, None)

    def _arm(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        if not self._watched:
            self._running = False
            return
        checks = {number: check for number, (check, _) in self._watched.items()}
        looking = asyncio.get_running_loop().run_in_executor(self._executor, _look_at, checks)
        looking.add_done_callback(self._looked)

    def _looked(self, looking: "asyncio.Future[tuple[dict[int, str], float]]") -> None:
        if looking.cancelled():
            return
        found, seconds = looking.result()
        for number, why in found.items():
            if number in self._watched:
                self._watched[number][1](why)
        self._arm(max(PERIOD_S, seconds * _SHARE))


def _look_at(checks: dict[int, Check]) -> tuple[dict[int, str], float]:
    began = monotonic()
    found = {number: why for number, check in checks.items() if (why := check())}
    return found, monotonic() - began


def disk(workspace: Path, disk_mb: int, pids: Iterable[int]) -> str | None:
    """Say what is wrong with the disk a job uses: its workspace, and deleted files held open."""
    limit = disk_mb << 20
    used = 0
    files = 0
    try:
        for size in _sizes(workspace):
            used += size
            files += 1
            if used > limit:
                break
            if files > _MOST_FILES:
                return f"disk: more than {_MOST_FILES} files in the workspace"
        else:
            used += _deleted(pids, workspace.stat().st_dev)
    except _HiddenError as hidden:
        return f"disk: the workspace cannot be measured, {hidden}"
    except OSError:
        return None  # it is being removed or changed at this moment: the next look tells
    return f"disk: more than the {disk_mb} MB that a job may use" if used > limit else None


def memory_and_processes(pids: Iterable[int], memory_mb: int, processes: int | None) -> str | None:
    """Say what is wrong with a job that no control group bounds; None: processes are bounded."""
    resident = 0
    count = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in pids:
        count += 1
        try:
            _, all_pages, shared = Path(f"/proc/{pid}/statm").read_text().split()[:3]
        except (OSError, ValueError):
            continue
        resident += (int(all_pages) - int(shared)) * page
    if resident > memory_mb << 20:
        return f"memory: more than the {memory_mb} MB that a job may use"
    if processes is not None and count > processes + _OWN:
        return f"processes: more than the {processes} that a job may run"
    return None


class _HiddenError(Exception):
    """Something in the workspace cannot be measured; the text says what."""


def _sizes(folder: Path) -> Iterable[int]:
    """Yield the bytes on disk of everything below, whatever its name; no link is followed."""
    linked: set[int] = set()
    waiting: list[tuple[int, os._ScandirIterator[str]]] = []
    try:
        waiting.append(_opened(os.open(folder, os.O_RDONLY | os.O_DIRECTORY)))
        while waiting:
            fd, entries = waiting[-1]
            entry = next(iter(entries), None)
            if entry is None:
                _close(*waiting.pop())
                continue
            with suppress(FileNotFoundError, NotADirectoryError):  # it has just been changed
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    if len(waiting) > _DEEPEST:
                        raise _HiddenError(f"folders are nested more than {_DEEPEST} deep")
                    waiting.append(_opened(_enter(entry.name, fd)))
                elif info.st_nlink > 1:
                    if info.st_ino in linked:
                        continue
                    linked.add(info.st_ino)
                yield info.st_blocks * 512
    finally:
        for opened in waiting:
            _close(*opened)


def _enter(name: str, fd: int) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
    except PermissionError:
        raise _HiddenError("a folder is closed to the bot") from None


def _close(fd: int, entries: "os._ScandirIterator[str]") -> None:
    entries.close()
    os.close(fd)


def _opened(fd: int) -> "tuple[int, os._ScandirIterator[str]]":
    try:
        return fd, os.scandir(fd)
    except OSError:
        os.close(fd)
        raise


def _deleted(pids: Iterable[int], device: int) -> int:
    """Bytes on disk of files that have no name any more but are held open."""
    held: dict[int, int] = {}
    for pid in pids:
        try:
            with os.scandir(f"/proc/{pid}/fd") as fds:
                for info in (fd.stat() for fd in fds):
                    if info.st_nlink == 0 and info.st_dev == device and stat.S_ISREG(info.st_mode):
                        held[info.st_ino] = info.st_blocks * 512
        except OSError:
            continue  # it has ended, or keeps others out: then it is the runtime, which is ours
    return sum(held.values())
