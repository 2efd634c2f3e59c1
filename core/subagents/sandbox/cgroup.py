"""Control groups: bound the memory and the number of a job's processes. Kills nothing."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.subagents.sandbox import leftovers
from core.subagents.sandbox.cgroup_files import put, put_if_there
from core.subagents.sandbox.weights import Weights

_LEAF = "thaw-bot"
_OPTIONAL = {"pids", "cpu"}
_WEIGHT = 25
"""A quarter of what a group of the second version weighs by itself."""
_MEMORY_FILES = {
    1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    2: ("memory.max", "memory.swap.max"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One job's group: a folder for each controller (v1), or one for all (v2).

    `homes` are the groups of this process, if a single thread of it can go in and out. `cpu` is
    its folder of `weights`.
    """

    memory: Path
    folders: tuple[Path, ...]
    homes: tuple[Path, ...] = ()
    cpu: Path | None = None
    weights: Weights | None = None

    @contextlib.contextmanager
    def births(self) -> Iterator[None]:
        """Have what this thread starts meanwhile be in from its first moment. Raises OSError.

        The kernel lets a thread move itself in 0.05 ms; to move a process it waits for all
        cores, which takes 5 to 10 ms. Where that is not to be had, this does nothing.
        """
        try:
            for folder in self.folders if self.homes else ():
                put(f"{folder}/tasks", 0)
            yield
        finally:
            for home in self.homes:
                put(f"{home}/tasks", 0)

    def enter(self, pid: int) -> None:
        """Move a process in that was not born there, before it starts others. Raises OSError."""
        for folder in () if self.homes else self.folders:
            put(f"{folder}/cgroup.procs", pid)

    def starts(self) -> None:
        """Let it come before what runs, since somebody waits for it."""
        if self.weights is not None and self.cpu is not None:
            self.weights.starts(self.cpu)

    def has_started(self) -> None:
        """Let it weigh what a running job weighs; may be called again."""
        if self.weights is not None and self.cpu is not None:
            self.weights.has_started(self.cpu)

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
        self.has_started()
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The places where this process may make groups, by controller: memory, and maybe pids, cpu.

    In its one place of the cpu controller all jobs together weigh a quarter of the bot alone:
    what it does is short and somebody waits for it, and what it leaves is still nearly all.
    `version` is 1 or 2; in the second the places are one. `homes` see Group; `weights` are those of
    the first version.
    """

    version: int
    places: dict[str, Path]
    homes: tuple[Path, ...] = ()
    weights: Weights | None = None

    def make(self, name: str, memory_mb: int, processes: int) -> Group:
        """Make a group with its bounds. Raises OSError."""
        folders = tuple(dict.fromkeys(place / name for place in self.places.values()))
        group = Group(
            memory=self.places["memory"] / name,
            folders=folders,
            homes=self.homes,
            cpu=self.places["cpu"] / name if "cpu" in self.places else None,
            weights=self.weights,
        )
        try:
            for folder in folders:
                folder.mkdir()
            self._bound(name, memory_mb << 20, processes)
        except OSError:
            group.remove()
            raise
        return group

    def remove(self) -> None:
        """Remove the places themselves, as far as nothing is in them any more."""
        for place in self.places.values():
            with contextlib.suppress(OSError):
                place.rmdir()

    def _bound(self, name: str, memory: int, processes: int) -> None:
        most, swap = _MEMORY_FILES[self.version]
        put(f"{self.places['memory']}/{name}/{most}", memory)
        # With swap the second version counts it apart, the first one in a sum.
        bound = 0 if self.version == 2 else memory
        put_if_there(f"{self.places['memory']}/{name}/{swap}", bound)
        if "pids" in self.places:
            put(f"{self.places['pids']}/{name}/pids.max", processes)


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
    for place in found.places.values():
        _sweep(place.parent)
    return found


def _memberships(text: str) -> dict[str, str]:
    """Read /proc/PID/cgroup: controller name ("" for v2) to path."""
    lines = [line.split(":", 2) for line in text.splitlines()]
    return {controller: path for _, names, path in lines for controller in names.split(",")}


def _v1(root: Path, mine: dict[str, str]) -> Groups:
    own = {name: _visible(root / name, mine[name]) for name in ("memory", *_OPTIONAL & set(mine))}
    places = {name: home / leftovers.own_name() for name, home in own.items()}
    places["memory"].mkdir(exist_ok=True)
    for name in _OPTIONAL & set(places):
        try:
            places[name].mkdir(exist_ok=True)
        except OSError:
            del places[name]
    homes = tuple(place.parent for place in places.values())
    free = all(os.access(home / "tasks", os.W_OK) for home in homes)
    weights = Weights(places["cpu"]) if "cpu" in places else None
    return Groups(version=1, places=places, homes=homes if free else (), weights=weights)


def _v2(own: Path) -> Groups:
    if own.name == _LEAF:
        own = own.parent
    if (own / "cgroup.type").exists():  # the root group has none, and may hold processes
        _move_to_leaf(own)
    top = own / leftovers.own_name()
    top.mkdir(exist_ok=True)
    places = {"memory": top, "pids": top}
    for group in (own, top):
        put(group / "cgroup.subtree_control", "+memory +pids")
    with contextlib.suppress(OSError):
        put(own / "cgroup.subtree_control", "+cpu")
        places["cpu"] = top
        # It competes with the bot only: there is nothing to make up for while one starts.
        put(top / "cpu.weight", _WEIGHT)
    return Groups(version=2, places=places)


def _move_to_leaf(own: Path) -> None:
    """Make room for groups below `own`: one that passes controllers on may hold no process."""
    others = set((own / "cgroup.procs").read_text().split()) - {str(os.getpid())}
    if others:
        raise OSError(f"other processes share {own}; start the bot as a service with Delegate=yes")
    leaf = own / _LEAF
    leaf.mkdir(exist_ok=True)
    put(leaf / "cgroup.procs", os.getpid())


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
