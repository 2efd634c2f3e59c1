"""What a change of tables needs besides its script: its statements, and the file as it was before.
Decides no version."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import StoreError


def statements(script: str) -> list[str]:
    """Split an SQL script at the ends of its statements (triggers stay whole)."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    if current.strip():
        found.append(current)
    return found


def before(path: Path, version: int) -> Path:
    """Where a file of that version is kept when it is about to get the next one."""
    return path.with_name(f"{path.name}.version-{version}")


def keep_before(path: Path, version: int, connection: sqlite3.Connection) -> None:
    """Copy the file beside itself, whole or not at all. Blocks. Raises StoreError, sqlite3.Error.

    The copy stays until somebody removes it: with it, the older program can be gone back to.
    """
    target = before(path, version)
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            connection.backup(made)
            # One file, without a log beside it.
            made.execute("PRAGMA journal_mode = DELETE")
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        part.rename(target)
    except OSError as error:
        raise StoreError(
            f"{path.name} cannot be kept as it was before its tables change: {error}"
        ) from error
