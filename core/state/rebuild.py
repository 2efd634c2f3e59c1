"""control.db when it is lost: what the channels' files still tell of it. Keeps nothing open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes

from core.messages import ChannelRef
from core.state.backup import FileKind
from core.state.damaged import LastGood, put_back, set_aside, trouble
from core.state.faults import FAULTS

_CUT = "%-"


def lost(root: Path, kind: FileKind) -> str:
    """Why control.db has to be rebuilt, "" if it need not be. Blocks. Raises StoreError.

    A file of another program is not ours to move away: opening it says so.
    """
    path = root / "control.db"
    if not path.exists():
        return "it is missing" if any(_files(root)) else ""
    if path.is_file() and not path.stat().st_size and not any(_files(root)):
        return ""
    found = trouble(path, kind)
    return "" if "another program" in found else found


def clear_away(root: Path, last_good: LastGood) -> tuple[Path | None, float | None]:
    """Set aside what is left of control.db, and put the last good copy in its place; returns where
    the old one is and when the copy was made (Unix seconds). Blocks. Raises OSError."""
    path = root / "control.db"
    aside = set_aside(path) if path.exists() else None
    return aside, put_back(root, path, last_good)


def channels_of(root: Path) -> tuple[ChannelRef, ...]:
    """The channels that have a file, as these and their names tell. Blocks."""
    found = (_inside(path) or _by_name(path) for path in _files(root))
    return tuple(ref for ref in found if ref is not None)


def _files(root: Path) -> Iterator[Path]:
    return (root / "channels").glob("*/*/*.db")


def _inside(path: Path) -> ChannelRef | None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            row = opened.execute("SELECT platform, workspace, channel FROM channel").fetchone()
    except FAULTS:
        return None  # whoever opens it says what is wrong with it
    return None if row is None else ChannelRef(platform=row[0], workspace=row[1], channel=row[2])


def _by_name(path: Path) -> ChannelRef | None:
    """What the names say, unless one of them was too long for a name."""
    parts = (path.parent.parent.name, path.parent.name, path.name.removesuffix(".db"))
    if any(_CUT in part for part in parts):
        return None
    try:
        platform, workspace, channel = (_plain(part) for part in parts)
    except UnicodeDecodeError:
        return None
    return ChannelRef(platform=platform, workspace=workspace, channel=channel)


def _plain(name: str) -> str:
    return "" if name == "%" else unquote_to_bytes(name).decode("utf-8", "surrogatepass")
