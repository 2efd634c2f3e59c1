"""User ids of the host that nobody else has, one for each running sandbox."""

from pathlib import Path

from core.errors import SandboxUnavailable

COUNT = 500
_BASES = (0x70000000, 60578)
"""Ranges that systemd's table of user ids calls unused; the second fits into small containers."""


class Users:
    """Lends ids, so that the kernel counts what one sandbox uses apart from all others."""

    def __init__(self, base: int) -> None:
        self._free = list(range(base + COUNT - 1, base - 1, -1))

    def take(self) -> int:
        """Lend an id. Raises SandboxUnavailable when all are lent."""
        if not self._free:
            raise SandboxUnavailable(f"more than {COUNT} sandboxes cannot run at once")
        return self._free.pop()

    def give_back(self, user: int) -> None:
        """End the loan."""
        self._free.append(user)


def usable_base(maps: str) -> int | None:
    """Find a range that this user namespace knows; `maps` is the text of /proc/self/uid_map."""
    ranges = [[int(word) for word in line.split()] for line in maps.splitlines()]
    for base in _BASES:
        if any(first <= base and base + COUNT <= first + count for first, _, count in ranges):
            return base
    return None


def own_maps() -> str:
    """Return the maps of this process: an id must be in both to be used for user and group."""
    users, groups = (Path(f"/proc/self/{kind}_map").read_text() for kind in ("uid", "gid"))
    return users if usable_base(users) == usable_base(groups) else ""
