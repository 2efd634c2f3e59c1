"""Control groups: bound the memory and the number of a job's processes. Kills nothing."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.subagents.sandbox import leftovers

_LEAF = "thaw-bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One job's group: a folder for each controller (v1), or one for all (v2).

    `homes` are the groups of this process, if a single thread of it can go in and out.
    """

    memory: Path
    folders: tuple[Path, ...]
    homes: tuple[Path, ...] = ()

    @contextlib.contextmanager
    def births(self) -> Iterator[None]:
        """Have what this thread starts meanwhile be in from its first moment. Raises OSError.

        The kernel lets a thread move itself in 0.05 ms; to move a process it waits for all
        cores, which takes 5 to 10 ms. Where that is not to be had, this does nothing.
        """
        try:
            for folder in self.folders if self.homes else ():
                _set(folder / "tasks", 0)
            yield
        finally:
            for home in self.homes:
                _set(home / "tasks", 0)

    def enter(self, pid: int) -> None:
        """Move a process in that was not born there, before it starts others. Raises OSError."""
        for folder in () if self.homes else self.folders:
            _set(folder / "cgroup.procs", pid)

    def processes(self) -> list[int]:
        """Return the processes in it."""
        return [int(pid) for pid in (self.memory / "cgroup.procs").read_text().split()]

    def out_of_memory(self) -> bool:
        """Say whether the kernel killed anything in it for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                found = re.search(
                    r"^oom_kill (\d+)", (self.memory / name).read_text(), re.MULTILINE
                )
                if found:
                    return int(found[1]) > 0
        return False

    def remove(self) -> None:
        """Remove it; nothing may run in it any more. What cannot be removed is left to `sweep`."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The place where this process may make groups. `kind` is "cgroup v1" or "cgroup v2"."""

    kind: str
    memory: Path
    pids: Path | None
    homes: tuple[Path, ...] = ()

    def make(self, name: str, memory_mb: int, processes: int) -> Group:
        """Make a group with its bounds. Raises OSError."""
        memory = self.memory / name
        folders = (memory,) if self.pids in (self.memory, None) else (memory, self.pids / name)
        group = Group(memory=memory, folders=folders, homes=self.homes)
        try:
            for folder in folders:
                folder.mkdir()
            self._bound(group, memory_mb << 20, processes)
        except OSError:
            group.remove()
            raise
        return group

    def _bound(self, group: Group, memory: int, processes: int) -> None:
        if self.kind == "cgroup v2":
            _set(group.memory / "memory.max", memory)
            _set_if_there(group.memory / "memory.swap.max", 0)
        else:
            _set(group.memory / "memory.limit_in_bytes", memory)
            _set_if_there(group.memory / "memory.memsw.limit_in_bytes", memory)
        if self.pids is not None:
            _set(group.folders[-1] / "pids.max", processes)


def find(root: Path = Path("/sys/fs/cgroup"), proc: Path = Path("/proc")) -> Groups | str:
    """Find where groups can be made, or say in words why nowhere; blocks for milliseconds.

    Removes the groups that dead bots have left there.
    """
    try:
        mine = _memberships((proc / "self" / "cgroup").read_text())
        unified = (root / "cgroup.controllers").is_file()
        found = _v2(root / mine[""].lstrip("/")) if unified else _v1(root, mine)
    except (OSError, KeyError, ValueError) as error:
        return f"no control group can be made ({error})"
    for folder in (found.memory, found.pids or found.memory):
        _sweep(folder.parent)
    return found


def _memberships(text: str) -> dict[str, str]:
    """Read /proc/PID/cgroup: controller name ("" for v2) to path."""
    lines = [line.split(":", 2) for line in text.splitlines()]
    return {controller: path for _, names, path in lines for controller in names.split(",")}


def _v1(root: Path, mine: dict[str, str]) -> Groups:
    name = leftovers.own_name()
    memory = _visible(root / "memory", mine["memory"]) / name
    memory.mkdir(exist_ok=True)
    pids: Path | None = None
    if "pids" in mine:
        pids = _visible(root / "pids", mine["pids"]) / name
        try:
            pids.mkdir(exist_ok=True)
        except OSError:
            pids = None
    homes = [folder.parent for folder in (memory, pids) if folder is not None]
    free = all(os.access(home / "tasks", os.W_OK) for home in homes)
    return Groups(kind="cgroup v1", memory=memory, pids=pids, homes=tuple(homes) if free else ())


def _v2(own: Path) -> Groups:
    if own.name == _LEAF:
        own = own.parent
    if (own / "cgroup.type").exists():  # the root group has none, and may hold processes
        _move_to_leaf(own)
    top = own / leftovers.own_name()
    top.mkdir(exist_ok=True)
    for group in (own, top):
        _set(group / "cgroup.subtree_control", "+memory +pids")
    return Groups(kind="cgroup v2", memory=top, pids=top)


def _move_to_leaf(own: Path) -> None:
    """Make room for groups below `own`: one that passes controllers on may hold no process."""
    others = set((own / "cgroup.procs").read_text().split()) - {str(os.getpid())}
    if others:
        raise OSError(f"other processes share {own}; start the bot as a service with Delegate=yes")
    leaf = own / _LEAF
    leaf.mkdir(exist_ok=True)
    _set(leaf / "cgroup.procs", os.getpid())


def _visible(mount: Path, path: str) -> Path:
    """In a container the path may be the host's: then the mount itself is the own group."""
    below = mount / path.lstrip("/")
    return below if below.is_dir() else mount


def _sweep(place: Path) -> None:
    for left in place.iterdir():
        if leftovers.is_left(left.name):
            with contextlib.suppress(OSError):
                for job in (path for path in left.iterdir() if path.is_dir()):
                    job.rmdir()
                left.rmdir()


def _set(path: Path, value: int | str) -> None:
    path.write_text(str(value))


def _set_if_there(path: Path, value: int) -> None:
    with contextlib.suppress(OSError):
        path.write_text(str(value))
