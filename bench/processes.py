"""What processes use, from /proc: memory shares, wake-ups, processor time. Starts and ends none."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """The process and all that descend from it, as they are now."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def pss_mb(pids: list[int]) -> float:
    """Their proportional share of memory in MB (10^6 bytes); those that are gone count nothing."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total * 1024 / 1e6


def wakes(pids: list[int]) -> dict[str, int]:
    """How often each thread has given its core away by itself so far, by "process/thread"."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            for task in (PROC / str(pid) / "task").iterdir():
                with suppress(OSError):
                    found[f"{pid}/{task.name}"] = _switches(task)
    return found


def cpu_s(pids: list[int]) -> float:
    """Seconds of processor time of the processes themselves: what a job's sandbox used, once it
    ended, is not its bot's."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:13])
    return total / _TICKS


def _switches(task: Path) -> int:
    for line in (task / "status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    return 0


def _parents() -> Iterator[tuple[int, int]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                text = (entry / "stat").read_text()
                yield int(entry.name), int(text.rpartition(")")[2].split()[1])
