"""What becomes of a channel's file that is damaged: it is set aside, and the last good copy takes
its place. Tells nobody; judges only files."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import NewerDatabase, StoreError, UnusableFile
from core.messages import ChannelRef
from core.state.backup import FileKind, damage, to_disk
from core.state.database import known_version
from core.state.faults import FAULTS, is_damage, of_the_world, words

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
    aside = _aside(path)
    _move(path, aside)
    return aside


def _aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    return aside


def _move(path: Path, aside: Path) -> None:
    for end in ("-wal", "-shm", ""):
        whole = path.with_name(path.name + end)
        if whole.exists():
            whole.rename(aside.with_name(aside.name + end))


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
    except FAULTS as error:
        if is_damage(error):
            return words(error)
        if of_the_world(error):
            raise StoreError(f"{path.name}: {error}") from error
        raise


class Mender:
    """Mends channels' files under `root`, as `kind` says; `on_mended` hears of each one, on the
    thread that mends. What it is at is noted beside the file until people were told, so that a
    process that dies leaves no copy unused and no damage untold."""

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
        one = Mended(channel=channel, aside=_aside(path), since=None, reason=reason)
        try:
            _write_note(one)
            _move(path, one.aside)
            one = self._put_back(path, one)
        except OSError as error:
            raise StoreError(f"{path.name} is damaged, and cannot be set aside: {error}") from error
        self.on_mended(one)
        return True

    def untold(self) -> tuple[Mended, ...]:
        """What was mended and never told, because the process died; what was half done then is
        done now. Before any channel is opened. Blocks. Raises StoreError."""
        found = []
        try:
            for note in sorted(self._root.glob("channels/*/*/*.db.untold-*")):
                one = _read_note(note)
                if one is None:
                    note.unlink()
                    continue
                path = note.with_name(note.name.partition(".untold-")[0])
                if not one.aside.exists():
                    note.unlink()  # nothing was done yet
                    continue
                found.append(one if path.exists() else self._put_back(path, one))
        except OSError as error:
            raise StoreError(f"a damaged channel cannot be mended: {error}") from error
        return tuple(found)

    def told(self, one: Mended) -> None:
        """People know of it. Blocks."""
        with suppress(OSError):  # then the next start finds that they know
            _note(one.aside).unlink()

    def _put_back(self, path: Path, one: Mended) -> Mended:
        since = put_back(self._root, path, self._last_good)
        one = replace(one, since=since)
        _write_note(one)
        return one


def _ignore(_: Mended) -> None:
    """Nobody asked to be told."""


def _note(aside: Path) -> Path:
    return aside.with_name(aside.name.replace(".damaged-", ".untold-"))


def _write_note(one: Mended) -> None:
    note, ref = _note(one.aside), one.channel
    coming = note.with_name(f"coming-{note.name}")
    said = [ref.platform, ref.workspace, ref.channel, one.since, one.reason]
    coming.write_text(json.dumps(said))
    to_disk(coming)
    coming.rename(note)
    to_disk(note.parent)


def _read_note(note: Path) -> Mended | None:
    try:
        platform, workspace, channel, since, reason = json.loads(note.read_text())
    except ValueError:
        return None  # nothing of ours
    return Mended(
        channel=ChannelRef(platform=platform, workspace=workspace, channel=channel),
        aside=note.with_name(note.name.replace(".untold-", ".damaged-")),
        since=since,
        reason=reason,
    )
