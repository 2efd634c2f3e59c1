"""What a file takes on the disk: giving free pages back, and wiping what was deleted. Outside any
transaction; knows no tables."""

import sqlite3

from core.errors import StoreError

_PAGES = 128
"""Given back in one step: a millisecond or two."""
_KEPT_FREE = 4
"""Up to one page in so many stays free, to be written again."""


def size_of(connection: sqlite3.Connection) -> int:
    """What is used of the file, in bytes."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def roomy(connection: sqlite3.Connection) -> bool:
    """Whether so much of the file is free that some is given back."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(free >= _PAGES and free * _KEPT_FREE >= pages)


def shrink_step(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the disk; False when few enough are free."""
    if not roomy(connection):
        return False
    # Each row of the answer is a page that has moved.
    connection.execute(f"PRAGMA incremental_vacuum({_PAGES:d})").fetchall()
    return True


def wipe(connection: sqlite3.Connection) -> None:
    """Write the file anew without what was deleted, and empty its log.

    Deleted rows are overwritten as they go, but cells that moved before leave copies behind in
    their old pages, and the log has pages as they were. Takes a second for some 100 MB.
    """
    connection.execute("VACUUM")
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError("the file's log is in use, so what was deleted is not wiped yet")
