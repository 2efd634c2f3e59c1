"""What becomes of a channel's file that is damaged: it is set aside, and the last good copy takes
its place. Tells nobody; judges only files."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import NewerDatabase, StoreError, UnusableFile
from core.messages import ChannelRef
from core.state.backup import FileKind, damage, to_disk
from core.state.database import known_version, of_the_world

LastGood = Callable[[str, Path], float | None]
"""Puts the newest good copy of a file (its place in the data directory, with slashes) at a path,
whole and on the disk; returns when that was made (Unix seconds), None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A channel's file was set aside as `aside`. `since` is when the copy was made that stands in
    its place now (Unix seconds); None when the channel began anew."""

    channel: ChannelRef
    aside: Path
    since: float | None
    reason: str


def no_copies(_place: str, _target: Path) -> float | None:
    """Nothing was ever backed up."""
    return None


def set_aside(path: Path) -> Path:
    """Move a file away, with its log; returns where it is now. Blocks. Raises OSError."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    for end in ("-wal", "-shm", ""):
        whole = path.with_name(path.name + end)
        if whole.exists():
            whole.rename(aside.with_name(aside.name + end))
    return aside


def put_back(root: Path, path: Path, last_good: LastGood) -> float | None:
    """Put the last good copy in the place of a file that was set aside; see LastGood. Blocks."""
    coming = path.with_name(f"{path.name}.coming")
    since = last_good(path.relative_to(root).as_posix(), coming)
    if since is not None:
        coming.rename(path)
    to_disk(path.parent)
    return since


def trouble(path: Path, kind: FileKind) -> str:
    """Why a file cannot be used as it is, "" if it can, or if there is none. Reads all of it.

    Raises StoreError for a newer program's, which is to be left alone. Blocks.
    """
    if not path.exists():
        return ""
    if not path.is_file():
        return "it is no file"
    if not path.stat().st_size:
        return "it is empty"
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout = 10000")
            known_version(path, kind.application_id, kind.newest, connection)
            return damage(connection)
    except NewerDatabase:
        raise
    except UnusableFile as error:
        return str(error)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return str(error)
        if of_the_world(error):
            raise StoreError(f"{path.name}: {error}") from error
        raise


class Mender:
    """Mends channels' files under `root`, as `kind` says; `on_mended` hears of each one, on the
    thread that mends."""

    def __init__(self, root: Path, kind: FileKind, last_good: LastGood) -> None:
        self._root = root
        self._kind = kind
        self._last_good = last_good
        self.on_mended: Callable[[Mended], object] = _ignore

    def mend(self, channel: ChannelRef, path: Path) -> bool:
        """Whether the file was damaged, and is mended. Blocks. Raises StoreError."""
        reason = trouble(path, self._kind)
        if not reason:
            return False
        try:
            aside = set_aside(path)
            since = put_back(self._root, path, self._last_good)
        except OSError as error:
            raise StoreError(f"{path.name} is damaged, and cannot be set aside: {error}") from error
        self.on_mended(Mended(channel=channel, aside=aside, since=since, reason=reason))
        return True


def _ignore(_: Mended) -> None:
    """Nobody asked to be told."""
