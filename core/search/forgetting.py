"""Taking words out of a channel's indexes for good. Removes nothing of the state itself.

Who deletes messages, versions, operations or blobs has their words taken out with them, by triggers
in the same transaction. Two things are left to say: that something is not to be found any more
although its rows still stand (`drop_key`, `drop_path`), and that nothing of the words may stay in
the file (`scrub`). All functions run inside a transaction.
"""

from core.state.database import Transaction

_TABLES = ("messages_words", "state_words", "content_words")
# Pages that one step of a scrub writes for each index: some 10 ms.
_PAGES = 60


def drop_key(tx: Transaction, key: str) -> int:
    """Take all versions of an entry out of the index, lines and elements too; returns how many
    rows that were."""
    return tx.execute(
        "DELETE FROM state_texts WHERE entry ="
        " (SELECT id FROM entries WHERE space = 'entry' AND key = ?)",
        (key,),
    ).rowcount


def drop_path(tx: Transaction, path: str) -> int:
    """Take a workspace file out of the index: its name, and what was in it at any time, but for
    contents that another file has or had. Returns how many contents that were."""
    row = tx.execute("SELECT id FROM entries WHERE space = 'file' AND key = ?", (path,)).fetchone()
    if row is None:
        return 0
    contents = tx.execute(
        "SELECT DISTINCT content FROM content_places WHERE entry = ?", row
    ).fetchall()
    tx.execute("DELETE FROM state_texts WHERE entry = ?", row)
    tx.execute("DELETE FROM content_places WHERE entry = ?", row)
    removed = (
        "DELETE FROM contents WHERE id = ?1 AND NOT EXISTS ("
        " SELECT 1 FROM content_places WHERE content = ?1)"
    )
    return sum(tx.execute(removed, content).rowcount for content in contents)


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
