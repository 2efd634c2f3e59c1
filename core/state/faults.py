"""What sqlite3 raises, as the errors that callers treat differently. Opens and mends nothing."""

import sqlite3
from pathlib import Path

from core.errors import DamagedFile, DiskFull, StoreError

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
    """Whether the error is a fault of the file or the disk: no bug, and nothing about one row."""
    return is_damage(error) or _code(error) in _WORLD


def is_damage(error: Fault) -> bool:
    """Whether the file as such is damaged, its log is cut, or it is none of SQLite's."""
    cut = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHORT_READ
    return cut or _no_tables(error) or _code(error) in _DAMAGED


def translate(path: Path, error: Fault) -> StoreError:
    """The world's faults as the errors that callers treat differently; `error` names the cause."""
    if is_damage(error):
        return DamagedFile(f"{path} is damaged or not a database: {words(error)}")
    if is_of_a_row(error):
        return StoreError(f"{path} is damaged: {words(error)}")
    if _code(error) == sqlite3.SQLITE_FULL:
        return DiskFull(f"no room on the disk for {path.name}: {error}")
    if _code(error) == sqlite3.SQLITE_CANTOPEN and path.exists() and not path.is_file():
        return DamagedFile(f"{path} is no file")
    return StoreError(f"{path.name}: {error}")


def words(error: Fault) -> str:
    """What is wrong, without what stands in the file."""
    return "its text is no text" if _no_tables(error) or is_of_a_row(error) else str(error)


def is_of_a_row(error: Fault) -> bool:
    """Whether a text in a row is no UTF-8: the rest of the file may be sound. sqlite3's own error
    for it has no number, and the text in its words."""
    return isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")


def _no_tables(error: Fault) -> bool:
    return isinstance(error, UnicodeDecodeError) and error.object.startswith(_MALFORMED)


def _code(error: Fault) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
