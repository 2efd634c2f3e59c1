"""Getting words that left a channel's indexes out of its file as well. Takes none out itself: who
deletes messages, versions, operations, entries or blobs has their words taken out with them, by
triggers in the same transaction.
"""

from core.state.database import Transaction

_TABLES = ("messages_words", "state_words", "content_words")
# Pages that one step of a scrub writes for each index: some 10 ms.
_PAGES = 60


def scrub(tx: Transaction) -> bool:
    """One step of writing the indexes anew without what was taken out; False when all is done.

    Until then the words are still in the file, though nothing finds them. What is freed is
    overwritten by `PRAGMA secure_delete`; the WAL is the caller's (`wal_checkpoint(TRUNCATE)`).
    """
    return any(_scrub(tx, table) for table in _TABLES)


def _scrub(tx: Transaction, table: str) -> bool:
    before = tx.total_changes
    tx.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-_PAGES,))  # noqa: S608
    # The statement itself counts as one.
    return tx.total_changes - before > 1
