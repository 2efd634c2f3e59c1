"""What sqlite3 raises, as the errors that callers treat differently. Opens and mends nothing."""

import sqlite3
from pathlib import Path

from core.errors import DamagedFile, DiskFull, StoreError, UnusableFile

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""All that a call of sqlite3 raises: it puts damaged bytes into its words, and cannot read them."""

Fault = sqlite3.Error | UnicodeDecodeError

# Faults of the world; the other sqlite3 errors (misuse, constraint) are bugs and stay naked.
_WORLD = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
_MALFORMED = b"malformed database schema"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def of_the_world(error: Fault) -> bool:
    """Whether the error is a fault of the file or the disk, and no bug."""
    return _unreadable(error) or _code(error) in _WORLD


def is_damage(error: Fault) -> bool:
    """Whether the file as such is damaged, or none of SQLite's."""
    return _no_tables(error) or _code(error) in _DAMAGED


def translate(path: Path, error: Fault) -> StoreError:
    """The world's faults as the errors that callers treat differently; `error` names the cause."""
    if is_damage(error):
        return DamagedFile(f"{path} is damaged or not a database: {words(error)}")
    if _no_text(error):
        # The rest of the file may be sound.
        return UnusableFile(f"{path} is damaged: {words(error)}")
    if _code(error) == sqlite3.SQLITE_FULL:
        return DiskFull(f"no room on the disk for {path.name}: {error}")
    if _code(error) == sqlite3.SQLITE_CANTOPEN and path.exists() and not path.is_file():
        return DamagedFile(f"{path} is no file")
    return StoreError(f"{path.name}: {error}")


def words(error: Fault) -> str:
    """What is wrong, without what stands in the file."""
    return "its text is no text" if _unreadable(error) else str(error)


def _unreadable(error: Fault) -> bool:
    return _no_tables(error) or _no_text(error)


def _no_tables(error: Fault) -> bool:
    return isinstance(error, UnicodeDecodeError) and error.object.startswith(_MALFORMED)


def _no_text(error: Fault) -> bool:
    """sqlite3's own error, of no number, for a text in a row that is no UTF-8."""
    return isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")


def _code(error: Fault) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
