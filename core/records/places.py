"""Which messages of a platform show an item, a row for each. Knows no platform, sends nothing."""

from core.state.database import Transaction

LASTING = "moved:"
"""How items begin that no age removes: where a channel's state lives is needed for ever."""
FILES = "#files"
"""What stands behind a post's id for the messages that hold the post's files."""


def of(tx: Transaction, item: str) -> tuple[str, ...]:
    """The messages that show the item, in order."""
    rows = tx.execute("SELECT message FROM places WHERE item = ? ORDER BY part", (item,))
    return tuple(message for (message,) in rows)


def keep(tx: Transaction, item: str, messages: tuple[str, ...], at: float) -> None:
    """The item is shown by these messages, and by no others."""
    tx.execute("DELETE FROM places WHERE item = ? AND part >= ?", (item, len(messages)))
    tx.executemany(
        "INSERT INTO places (item, part, message, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET message = excluded.message, at = excluded.at"
        " WHERE message != excluded.message",
        ((item, part, message, at) for part, message in enumerate(messages)),
    )


def item(tx: Transaction, message: str) -> str | None:
    """The item that a message shows; of several the one that was kept last."""
    row = tx.execute(
        "SELECT item FROM places WHERE message = ? ORDER BY at DESC, item LIMIT 1", (message,)
    ).fetchone()
    return None if row is None else str(row[0])


_ROWS = 300
# Posts and jobs are looked for by the ids that their items have.
_STRAY = f"""
    SELECT item, at < :before
        AND substr(item, 1, {len(LASTING)}) != '{LASTING}'
        AND NOT EXISTS (SELECT 1 FROM messages WHERE id = item)
        AND NOT EXISTS (SELECT 1 FROM messages
            WHERE id = substr(item, 1, length(item) - {len(FILES)})
                AND substr(item, -{len(FILES)}) = '{FILES}')
        AND NOT EXISTS (SELECT 1 FROM jobs
            WHERE number = CAST(substr(item, 6) AS INTEGER) AND item = 'card:' || number)
    FROM places WHERE part = 0 AND item > :after ORDER BY item LIMIT :most
"""  # noqa: S608  (constants of our own)


def prune(tx: Transaction, after: str, before: float, most: int = _ROWS) -> str | None:
    """Look at some items behind `after`: those that show no post and no job any more go if they
    are older than `before` (Unix seconds). Returns the last one looked at, None at the end."""
    rows = tx.execute(_STRAY, {"after": after, "before": before, "most": most}).fetchall()
    gone = [(name,) for name, stray in rows if stray]
    tx.executemany("DELETE FROM places WHERE item = ?", gone)
    return rows[-1][0] if rows else None


def any_stray(tx: Transaction, before: float) -> bool:
    """Whether `prune` has something to remove: it looks at all items."""
    rows = tx.execute(_STRAY, {"after": "", "before": before, "most": -1})
    return any(stray for _, stray in rows)
