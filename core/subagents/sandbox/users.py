"""User ids of the host that nobody else has, one for each running sandbox."""

import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from core.errors import SandboxUnavailable


class Block(NamedTuple):
    """Ids of one bot: so many of its sandboxes can run at once."""

    base: int
    size: int


# Ranges that systemd's table of user ids calls unused; the second fits into small containers.
_BLOCKS = (
    *(Block(0x70000000 + 500 * number, 500) for number in range(100)),
    *(Block(60578 + 200 * number, 200) for number in range(3)),
)


class Users:
    """Lends ids, so that the kernel counts what one sandbox uses apart from all others."""

    def __init__(self, block: Block) -> None:
        self._count = block.size
        self._free = list(range(block.base + block.size - 1, block.base - 1, -1))

    def take(self) -> int:
        """Lend an id. Raises SandboxUnavailable when all are lent."""
        if not self._free:
            raise SandboxUnavailable(f"more than {self._count} sandboxes cannot run at once")
        return self._free.pop()

    def give_back(self, user: int) -> None:
        """End the loan."""
        self._free.append(user)


@cache
def own_users(maps: str) -> Users:
    """Those of this process, for as long as it lives: no other bot of this machine lends them.

    `maps` is as `own_maps` returns it. Raises SandboxUnavailable.
    """
    blocks = usable(maps)
    for block in blocks:
        if _claim(block.base):
            return Users(block)
    if blocks:
        raise SandboxUnavailable(
            f"{len(blocks)} other bots run here and have all the user ids for jobs; stop one"
        )
    raise SandboxUnavailable("this container has too few user ids to give jobs their own")


def give_workspace(user: int, workspace: Path) -> None:
    """Make everything in the workspace the job's own; no link is followed. Blocks."""
    os.chown(workspace, user, user)
    for _, folders, files, fd in os.fwalk(workspace, follow_symlinks=False):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                os.chown(name, user, user, dir_fd=fd, follow_symlinks=False)


def _claim(base: int) -> bool:
    """Take a block for the life of this process; False when another process has it."""
    # A name without a file: the kernel frees it however the process ends.
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0thaw-job-users-{base}")
    except OSError:
        claim.close()
        return False
    claim.detach()
    return True


def usable(maps: str) -> list[Block]:
    """The blocks that this user namespace knows whole, all of one range; `maps` is the text of
    /proc/self/uid_map."""
    ranges = [[int(word) for word in line.split()] for line in maps.splitlines()]
    found = [
        block
        for block in _BLOCKS
        if any(
            first <= block.base and block.base + block.size <= first + count
            for first, _, count in ranges
        )
    ]
    return [block for block in found if block.size == found[0].size]


def own_maps() -> str:
    """Return the maps of this process: an id must be in both to be used for user and group."""
    users, groups = (Path(f"/proc/self/{kind}_map").read_text() for kind in ("uid", "gid"))
    return users if usable(users) == usable(groups) else ""
