"""Whether the bot may listen where it is to, and who else does. Asks nobody outside."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.finding import Finding, Level
from bot.listener import listener
from core.state.control import owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where `section` of the configuration has the bot listen; `about` is what is told there."""

    about: str
    section: str
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.path}"


def address_findings(addresses: Sequence[Address], data_dir: Path) -> list[Finding]:
    """One for each. Blocks."""
    found = []
    before: dict[int, Address] = {}
    for one in addresses:
        other = before.setdefault(one.port, one) if one.port else one  # 0 is any free one
        found.append(_tried(one, data_dir) if other is one else _twice(one, other))
    return found


def _twice(one: Address, other: Address) -> Finding:
    text = f"{one} has the port of {other.section} too"
    advice = f"set {one.section} port to another number"
    return Finding(level=Level.PROBLEM, about=one.about, text=text, advice=advice)


def _tried(one: Address, data_dir: Path) -> Finding:
    family = socket.AF_INET6 if ":" in one.host else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((one.host, one.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _taken(one, data_dir)
        advice = f"set {one.section} host and port to ones this user may listen on"
        text = f"{one} cannot be used: {error.strerror}"
        return Finding(level=Level.PROBLEM, about=one.about, text=text, advice=advice)
    return Finding(level=Level.OK, about=one.about, text=f"{one} is free")


def _taken(one: Address, data_dir: Path) -> Finding:
    """The port is in use: fine only if it is by the bot of this data directory."""
    found = listener(one.port)
    if found is None:
        text = f"{one} is in use by a program of another user"
    elif _runs(data_dir, found[0]):
        text = f"{one} is served by the bot that runs (pid {found[0]})"
        return Finding(level=Level.OK, about=one.about, text=text)
    else:
        text = f"{one} is in use by {found[1]} (pid {found[0]})"
    advice = f"end that program, or set {one.section} port to another number"
    return Finding(level=Level.PROBLEM, about=one.about, text=text, advice=advice)


def _runs(data_dir: Path, pid: int) -> bool:
    try:
        return owner(data_dir) == str(pid)
    except OSError:
        return False  # told with the data directory
