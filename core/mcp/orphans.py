"""The end of what a killed process of ours has left behind: it is known by a mark in its
environment, which all that it starts inherits. Starts nothing."""

import contextlib
import os
import secrets
import select
import signal
from pathlib import Path

MARK = "THAW_SERVER"
_ROUNDS = 100
_PATIENCE_S = 1.0


def new_mark() -> str:
    """A value of MARK that nothing else has."""
    return secrets.token_hex(16)


def end_marked(mark: str) -> None:
    """Kill all that has the mark, until nothing has; who wiped its environment stays. Blocks."""
    wanted = f"{MARK}={mark}".encode()
    for _ in range(_ROUNDS):
        killed = [fd for one in Path("/proc").iterdir() if (fd := _killed(one, wanted)) is not None]
        if not killed:
            return
        for pidfd in killed:
            select.select([pidfd], [], [], _PATIENCE_S)
            os.close(pidfd)


def _killed(process: Path, wanted: bytes) -> int | None:
    if not process.name.isdigit():
        return None
    with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
        pidfd = os.pidfd_open(int(process.name))  # first, so that what is read is about it
        undo.callback(os.close, pidfd)
        if wanted in (process / "environ").read_bytes().split(b"\0"):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            undo.pop_all()
            return pidfd
    return None
