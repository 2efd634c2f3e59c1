"""Which processes of a bot there are, found from outside through /proc. Starts and ends none."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def marked(mark: str) -> list[int]:
    """Processes that name `mark`: on their command line, as their folder, or among their mounts.

    What runs inside a sandbox sees neither the host's paths nor its environment, but the kernel
    says where its workspace is mounted from.
    """
    wanted = mark.encode()
    own = {os.getpid(), os.getppid()}
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid not in own and _names(pid, wanted)]


def described(pid: int) -> str:
    """A process in words, for a failure's text: its command, its state, what it waits for."""
    command = _content(pid, "cmdline").replace(b"\0", b" ").decode("utf-8", "replace")
    state = _content(pid, "stat").rpartition(b") ")[2][:1].decode()
    waits = _content(pid, "wchan").decode()
    return f"{pid} ({state} {waits}): {command.strip()[:300] or '(gone)'}"


async def gone(mark: str, within_s: float) -> None:
    """Wait until no process names `mark`. Raises AssertionError with those left by then."""
    try:
        async with asyncio.timeout(within_s):
            # What one of them started in its last moment is only there once that one is gone.
            while pids := marked(mark):
                await _ended(pids)
    except TimeoutError:
        left = [described(pid) for pid in marked(mark)]
        raise AssertionError("processes are left:\n" + "\n".join(left)) from None


async def _ended(pids: list[int]) -> None:
    """Return when all of these have ended."""
    watched = [descriptor for pid in pids if (descriptor := _open(pid)) is not None]
    try:
        for descriptor in watched:
            await _readable(descriptor)
    finally:
        for descriptor in watched:
            os.close(descriptor)


def _names(pid: int, wanted: bytes) -> bool:
    if wanted in _content(pid, "cmdline") or wanted in _content(pid, "mountinfo"):
        return True
    with suppress(OSError):
        return wanted in os.fsencode((PROC / str(pid) / "cwd").readlink())
    return False


def _content(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""  # gone meanwhile, or a zombie


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


async def _readable(descriptor: int) -> None:
    """Return when the process behind the descriptor has ended."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
