"""Which program of this machine listens on a port, as the kernel tells. Opens no port itself."""

import os
from contextlib import suppress
from pathlib import Path

_LISTENS = "0A"


def listener(port: int, proc: Path = Path("/proc")) -> tuple[int, str] | None:
    """The pid and name of a program that listens on the TCP port, if this user may know. Blocks."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return None
    for folder in proc.iterdir():
        if folder.name.isdigit() and _holds(folder / "fd", sockets):
            with suppress(OSError):
                return int(folder.name), (folder / "comm").read_text("utf-8", "replace").strip()
    return None


def _inodes(port: int, proc: Path) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                    found.add(rest[5])
    return found


def _holds(descriptors: Path, sockets: set[str]) -> bool:
    try:
        names = os.listdir(descriptors)  # noqa: PTH208 - names alone, thousands of them
    except OSError:
        return False  # another user's, or gone by now
    for name in names:
        with suppress(OSError):
            if os.readlink(descriptors / name) in sockets:  # noqa: PTH115 - no path is meant
                return True
    return False
