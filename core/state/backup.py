"""Copies of single database files, consistent however others write meanwhile. Knows no tables."""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import DamagedFile, StoreError
from core.state.database import known_version
from core.state.faults import FAULTS, of_the_world, translate, words


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """What marks a file as one of ours, and the newest version that this program knows."""

    application_id: int
    newest: int


def copy_database(source: Path, target: Path, kind: FileKind) -> int:
    """Copy a file that others may be writing to; what is copied is whole, checked and on the disk.

    Returns the version of its tables. Blocks. Raises StoreError: DamagedFile when what was found
    is not worth keeping; then there is no `target`.
    """
    try:
        return _copied(source, target, kind)
    except FAULTS as error:
        _discard(target)
        if of_the_world(error) or isinstance(error, sqlite3.OperationalError):
            raise translate(source, error) from error
        raise
    except OSError as error:
        _discard(target)
        raise StoreError(f"{target.name} cannot be written: {error.strerror}") from error
    except BaseException:
        _discard(target)
        raise


def _copied(source: Path, target: Path, kind: FileKind) -> int:
    if not source.is_file() or not source.stat().st_size:
        raise DamagedFile(f"{source} is {'empty' if source.is_file() else 'no file'}")
    address = f"{source.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None)) as live,
        closing(sqlite3.connect(target, isolation_level=None)) as made,
    ):
        live.execute("PRAGMA busy_timeout = 10000")
        version = known_version(source, kind.application_id, kind.newest, live)
        # In one step: it reads one moment of the file, and nobody who writes waits for it.
        live.backup(made)
        # One file, without a log beside it.
        made.execute("PRAGMA journal_mode = DELETE")
        problem = damage(made)
    if problem:
        raise DamagedFile(f"{source} is damaged: {problem}")
    to_disk(target)
    return version


def damage(connection: sqlite3.Connection) -> str:
    """What is wrong with the pages of a file, in SQLite's words, or "". Reads all of it."""
    try:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except FAULTS as error:
        if not of_the_world(error):
            raise
        return words(error)
    return "" if found == "ok" else " ".join(found.split())[:300]


def to_disk(path: Path) -> None:
    """Return when the file or folder will be there after a loss of power. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _discard(target: Path) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            target.with_name(target.name + end).unlink()
