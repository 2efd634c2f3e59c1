"""Whose sandbox is whose, and the end of those whose bot is dead. Knows processes, not groups.

Sandboxes die with their bot, but for one gap: a bwrap that is killed between making its child and
letting it go leaves that child waiting for ever. It runs nothing, but should not pile up.
"""

import contextlib
import functools
import os
import re
import select
import signal
from pathlib import Path

_OURS = re.compile(r"thaw-(\d+)-(\d+)")
_PATIENCE_S = 1.0


@functools.cache
def own_name() -> str:
    """Name this process for ever: by its pid and when it began."""
    return f"thaw-{os.getpid()}-{_began(os.getpid())}"


def is_left(name: str) -> bool:
    """Say whether `name` is that of a bot which runs no more."""
    named = _OURS.fullmatch(name)
    return named is not None and _began(int(named[1])) != named[2]


def end(program: str) -> None:
    """Kill every `program` whose last word is bot=<name of a dead bot>. Blocks."""
    gone = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                gone.extend(_end(process, program))
    for pidfd in gone:
        select.select([pidfd], [], [], _PATIENCE_S)
        os.close(pidfd)


def _end(process: Path, program: str) -> list[int]:
    with contextlib.ExitStack() as undo:
        pidfd = os.pidfd_open(int(process.name))  # first, so that what is read is about it
        undo.callback(os.close, pidfd)
        words = os.fsdecode((process / "cmdline").read_bytes()).rstrip("\0").split("\0")
        if words[0] == program and is_left(words[-1].removeprefix("bot=")):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            undo.pop_all()
            return [pidfd]
    return []


def _began(pid: int) -> str:
    """When a process began, in the kernel's ticks; "" if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
