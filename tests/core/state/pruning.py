"""Pruning a board at once, and what two boards are compared by afterwards. Tests nothing itself."""

from typing import Any

from core.state.blobs import collect, orphans
from core.state.database import Transaction
from core.state.kept import floor
from core.state.prune import conflicts_step, horizon, list_step, prune_step, raise_floor


def prune_all(tx: Transaction, before: float) -> int:
    """Prune as far as commits from `before` on allow; returns the floor."""
    assert raise_floor(tx, horizon(tx, before))
    while list_step(tx):
        pass
    place: int | None = 0
    while place is not None:
        place = prune_step(tx, place)
    while conflicts_step(tx):
        pass
    found = orphans(tx)
    for at in range(len(found.blobs)):
        assert collect(tx, found, at)
    return floor(tx)


def prune_partly(tx: Transaction, before: float, steps: int) -> int:
    """Begin to prune, in the smallest steps, and be cut off after so many; returns the floor."""
    assert raise_floor(tx, horizon(tx, before))
    place: int | None = 0
    while steps > 0 and list_step(tx, 1):
        steps -= 1
    while steps > 0 and place is not None:
        place = prune_step(tx, place, 1)
        steps -= 1
    return floor(tx)


def number_times(tx: Transaction) -> None:
    """Give each commit its number as its time."""
    tx.execute("UPDATE commits SET at = number")


def standing(tx: Transaction, at: int, since: int) -> dict[str, Any]:
    """All that can be seen of each key at a commit, and of what lost after `since`."""
    rows = tx.execute("SELECT id, space, key FROM entries ORDER BY space, key").fetchall()
    found = {f"{space} {key}": _standing(tx, entry, at, since) for entry, space, key in rows}
    return {key: seen for key, seen in found.items() if any(seen)}


def _standing(tx: Transaction, entry: int, at: int, since: int) -> list[Any]:
    lived = "entry = :entry AND added <= :at AND (removed IS NULL OR removed > :at)"
    version = (
        "SELECT kind, body, changed, born, max(person, :since), order_base, order_rank"
        " FROM versions WHERE entry = :entry AND commit_no <= :at ORDER BY commit_no DESC LIMIT 1"
    )
    lines = (
        "SELECT o.argument FROM lines AS l JOIN operations AS o ON o.id = l.operation"
        f" WHERE l.{lived} ORDER BY l.order_base, l.order_rank, l.operation"
    )
    stamps = f"SELECT element, count(*) FROM stamps WHERE {lived} GROUP BY element"
    losers = (
        "SELECT commit_no, conflict FROM losers WHERE entry = :entry AND commit_no > :since"
        " ORDER BY commit_no"
    )
    waiting = "SELECT number, revision FROM conflicts WHERE entry = :entry AND closed IS NULL"
    given = {"entry": entry, "at": at, "since": since}
    seen = [
        tx.execute(query, given).fetchall() for query in (version, lines, stamps, losers, waiting)
    ]
    # A key that is gone is as one that never was.
    return [[row for row in seen[0] if row[0] is not None], *seen[1:]]
