"""A key's open conflict: one at a time, its candidates and its revision. Decides no merge."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.state.database import Transaction
from core.state.facts import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict:
    """An open conflict. `candidates` are the commits whose writes wait, candidate 1 first."""

    number: int
    revision: int
    entry: int
    space: Space
    key: str
    candidates: tuple[int, ...]


def keep(
    tx: Transaction,
    entry: int,
    at: int,
    *,
    number: int | None,
    candidates: Collection[int],
    losers: Collection[int],
) -> int | None:
    """Write down what of a key now waits and what lost; returns the conflict's number, if any.

    `number` is the conflict that was open before, `at` the commit that changed something in it,
    `losers` are commits that are not candidates, or are no longer.
    """
    if candidates:
        number = _raise(tx, entry, at, number)
    elif number is not None:
        tx.execute("UPDATE conflicts SET closed = ? WHERE number = ?", (at, number))
    if number is not None:
        tx.execute(
            "UPDATE losers SET conflict = NULL WHERE entry = ? AND conflict = ?", (entry, number)
        )
    add_losers(tx, entry, losers)
    add_losers(tx, entry, candidates, number)
    return number if candidates else None


def replace(
    tx: Transaction,
    entry: int,
    at: int,
    candidates: Sequence[int],
    losers: Collection[int],
    *,
    moved: bool,
) -> int | None:
    """Write down anew what of a key waits and what lost, after all its writes were folded again.

    `moved`: the key stands otherwise than before. Returns the open conflict's number, if any.
    """
    row = tx.execute(
        "SELECT number FROM conflicts WHERE entry = ? AND closed IS NULL", (entry,)
    ).fetchone()
    number = None if row is None else row[0]
    before = () if number is None else _candidates(tx, entry, number)
    tx.execute("DELETE FROM losers WHERE entry = ? AND conflict IS NULL", (entry,))
    if tuple(candidates) == before and not moved:
        add_losers(tx, entry, set(losers) - set(before))
        return number
    tx.execute("DELETE FROM losers WHERE entry = ?", (entry,))
    return keep(tx, entry, at, number=number, candidates=candidates, losers=losers)


def add_losers(
    tx: Transaction, entry: int, commits: Collection[int], conflict: int | None = None
) -> None:
    """Note commits whose write of a key is not the state: it waits in `conflict`, or is beaten."""
    tx.executemany(
        "INSERT OR REPLACE INTO losers VALUES (?, ?, ?)",
        ((entry, commit, conflict) for commit in commits),
    )


def _raise(tx: Transaction, entry: int, at: int, number: int | None) -> int:
    if number is not None:
        tx.execute("UPDATE conflicts SET revision = revision + 1 WHERE number = ?", (number,))
        return number
    row = tx.execute(
        "INSERT INTO conflicts (entry, revision, opened) VALUES (?, 1, ?) RETURNING number",
        (entry, at),
    ).fetchone()
    return int(row[0])


def open_conflicts(tx: Transaction) -> tuple[OpenConflict, ...]:
    """All that wait for a person, oldest first."""
    return _read(tx, "c.closed IS NULL", ())


def conflict(tx: Transaction, number: int) -> OpenConflict | None:
    """An open conflict; None if there is none of that number, or it is closed."""
    found = _read(tx, "c.closed IS NULL AND c.number = ?", (number,))
    return found[0] if found else None


def _read(tx: Transaction, condition: str, parameters: tuple[int, ...]) -> tuple[OpenConflict, ...]:
    query = (
        "SELECT c.number, c.revision, c.entry, e.space, e.key FROM conflicts AS c"  # noqa: S608
        f" JOIN entries AS e ON e.id = c.entry WHERE {condition} ORDER BY c.number"
    )
    rows = tx.execute(query, parameters).fetchall()
    return tuple(
        OpenConflict(
            number=number,
            revision=revision,
            entry=entry,
            space=space,
            key=key,
            candidates=_candidates(tx, entry, number),
        )
        for number, revision, entry, space, key in rows
    )


def _candidates(tx: Transaction, entry: int, number: int) -> tuple[int, ...]:
    rows = tx.execute(
        "SELECT commit_no FROM losers WHERE entry = ? AND conflict = ? ORDER BY commit_no",
        (entry, number),
    )
    return tuple(commit for (commit,) in rows)
