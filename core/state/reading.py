"""One of our files used from outside, also while a bot owns it. Makes no file, migrates none."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import StoreError
from core.state.database import Transaction, known_version
from core.state.faults import of_the_world, translate


@contextmanager
def reading(path: Path, application_id: int, newest: int) -> Iterator[Transaction]:
    """One consistent view of the file, for as long as the context lasts. Blocks.

    `newest` is the version that this program knows. Raises StoreError, also from within the
    context: the file is missing, foreign, newer, older or damaged, or not this user's to read.
    """
    with _begun(path, application_id, newest, "BEGIN") as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection


@contextmanager
def writing(path: Path, application_id: int, newest: int) -> Iterator[Transaction]:
    """One write transaction on the file: all is kept when the context ends, nothing when it
    raises. Blocks, also while another process writes; raises StoreError as `reading` does.

    This is safe beside a running bot because the bot decides each write inside its transaction,
    from what the file holds then.
    """
    with _begun(path, application_id, newest, "BEGIN IMMEDIATE") as connection:
        yield connection
        connection.execute("COMMIT")


@contextmanager
def _begun(path: Path, application_id: int, newest: int, begin: str) -> Iterator[Transaction]:
    try:
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA busy_timeout = 10000")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(begin)
            version = known_version(path, application_id, newest, connection)
            if version < newest:
                raise StoreError(
                    f"{path} has version {version}, this program reads {newest}: "
                    "start the bot once, which brings it up to date"
                )
            yield connection
    except ValueError as error:
        # SQLite took the row, but what it holds is nothing that the bot has written.
        raise StoreError(f"{path} is damaged: {str(error)[:300]}") from error
    except sqlite3.Error as error:
        if of_the_world(error) or isinstance(error, sqlite3.OperationalError):
            raise _translated(path, error) from error
        raise


def _connect(path: Path) -> sqlite3.Connection:
    # Not "ro": then what a killed bot left could not be taken up, and files would stay behind.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _translated(path: Path, error: sqlite3.Error) -> StoreError:
    if not os.path.lexists(path):
        return StoreError(f"{path} is not there")
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreError(
            f"{path} cannot be read ({error}): run this as the user that the bot runs as"
        )
    return translate(path, error)
