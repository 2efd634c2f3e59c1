"""Processes by descent, as /proc shows them. Blocks for microseconds per process."""

import contextlib
import os
import signal
from pathlib import Path

_ROUNDS = 1000
"""How often to look again: what was killed takes a moment, and what is not ours stays."""


def descendants(pid: int) -> list[int]:
    """Return all living processes below `pid`, without itself."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return [child for child in found if not _is_zombie(child)]


def kill_all(pid: int) -> None:
    """Kill `pid`, which must be a subreaper and our child, after all that is below it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts nothing meanwhile
        for _ in range(_ROUNDS):
            below = descendants(pid)
            if not below:
                break
            for child in below:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found.extend(int(child) for child in (thread / "children").read_text().split())
    return found


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
