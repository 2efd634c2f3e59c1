"""What bounds a running job: a control group where one can be made, else limits per process."""

import resource
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from core.subagents.sandbox import watch
from core.subagents.sandbox.cgroup import Group, Groups
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.tree import descendants

OOM_SCORE = 500
"""Makes the system end jobs before the bot when its own memory runs out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one job. `counted`: the kernel counts its processes apart from all others."""

    spec: SandboxSpec
    group: Group | None
    counted: bool

    def births(self) -> AbstractContextManager[None]:
        """Around the start of what is to be bounded: see Group."""
        return nullcontext() if self.group is None else self.group.births()

    def enter(self, pid: int) -> None:
        """Put what was started under the bounds before it starts others. Raises OSError."""
        score = Path(f"/proc/{pid}/oom_score_adj")
        if int(score.read_text()) < OOM_SCORE:
            score.write_text(str(OOM_SCORE))
        _bound(pid, resource.RLIMIT_CORE, 0)
        _bound(pid, resource.RLIMIT_FSIZE, self.spec.disk_mb << 20)
        if self.group is not None:
            self.group.enter(pid)
        else:
            _bound(pid, resource.RLIMIT_DATA, self.spec.memory_mb << 20)

    def starts(self) -> None:
        """Say that somebody waits for what is being started."""
        if self.group is not None:
            self.group.starts()

    def has_started(self) -> None:
        """Say that nobody waits for it any more; may be called again."""
        if self.group is not None:
            self.group.has_started()

    def enter_inside(self, pid: int) -> None:
        """Bound the first process inside, which has namespaces of its own. Raises OSError."""
        if self.counted:
            _bound(pid, resource.RLIMIT_NPROC, self.spec.processes)

    def check(self, pid: int, spec: SandboxSpec) -> str | None:
        """Say what is over its bounds; `pid` is the process that everything descends from.

        `spec` is the job's: what was started ahead did not know its workspace and its disk.
        """
        pids = self._processes(pid)
        found = watch.disk(spec.workspace, spec.disk_mb, pids)
        if found is None and self.group is None:
            processes = None if self.counted else self.spec.processes
            found = watch.memory_and_processes(pids, self.spec.memory_mb, processes)
        return found

    def clean(self) -> str | None:
        """Remove the group; say if the kernel ended something for want of memory."""
        if self.group is None:
            return None
        short = self.group.out_of_memory()
        self.group.remove()
        if not short:
            return None
        return f"memory: more than the {self.spec.memory_mb} MB that a job may use"

    def _processes(self, pid: int) -> Iterable[int]:
        if self.group is None:
            return descendants(pid)
        try:
            return self.group.processes()
        except OSError:
            return ()


def _bound(pid: int, kind: int, value: int) -> None:
    hard = resource.prlimit(pid, kind)[1]
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.prlimit(pid, kind, (most, most))


def file_size(disk_mb: int) -> int:
    """Bytes that no file of a job may exceed: its disk, or less where this process may do less."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    return disk_mb << 20 if hard == resource.RLIM_INFINITY else min(disk_mb << 20, hard)


def limit(spec: SandboxSpec, groups: Groups | None, name: str, *, counted: bool) -> Limits:
    """Make the bounds of a job; `name` is unique among running ones. Raises OSError."""
    group = groups.make(name, spec.memory_mb, spec.processes) if groups is not None else None
    return Limits(spec=spec, group=group, counted=counted)
