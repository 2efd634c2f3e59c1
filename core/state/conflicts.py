"""A key's open conflict: one at a time, its candidates and its revision. Decides no merge."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

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


class Change(NamedTuple):
    """What becomes of what waits for a key, and of what lost, with one commit.

    `number` is the conflict that was open before, `before` and `after` are its candidates,
    `losers` commits that lost and are no candidates. `turns`: there is something else to choose
    from or against, so that who looked at it before has to look again.
    """

    entry: int
    number: int | None
    before: Sequence[int]
    after: Sequence[int]
    losers: Collection[int]
    turns: bool = True


def keep(tx: Transaction, at: int, changes: Sequence[Change]) -> list[int | None]:
    """Write down what has changed with the commit `at`; returns the number of the conflict that
    is open now, or None, for each change."""
    numbers = _numbered(tx, changes)
    tx.executemany(
        "INSERT INTO conflicts (number, entry, revision, opened) VALUES (?, ?, 1, ?)",
        [
            (number, one.entry, at)
            for number, one in zip(numbers, changes, strict=True)
            if number is not None and one.number is None
        ],
    )
    tx.executemany(
        "UPDATE conflicts SET revision = revision + 1 WHERE number = ?",
        [(one.number,) for one in changes if one.number is not None and one.after and one.turns],
    )
    tx.executemany(
        "UPDATE conflicts SET closed = ? WHERE number = ?",
        [(at, one.number) for one in changes if one.number is not None and not one.after],
    )
    tx.executemany("INSERT OR REPLACE INTO losers VALUES (?, ?, ?)", _losers(changes, numbers))
    return numbers


def _numbered(tx: Transaction, changes: Sequence[Change]) -> list[int | None]:
    """Open conflicts keep their number, new ones get the next."""
    (newest,) = tx.execute("SELECT max(number) FROM conflicts").fetchone()
    fresh = count((newest or 0) + 1)
    return [(one.number or next(fresh)) if one.after else None for one in changes]


def _losers(
    changes: Sequence[Change], numbers: Sequence[int | None]
) -> Iterator[tuple[int, int, int | None]]:
    """Rows: a commit whose write is not the state waits in a conflict, or is beaten (None)."""
    for one, number in zip(changes, numbers, strict=True):
        for commit in {*one.losers, *one.before}.difference(one.after):
            yield one.entry, commit, None
        for commit in set(one.after).difference(one.before):
            yield one.entry, commit, number


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
    after = tuple(candidates)
    turns = moved or after != before
    tx.execute(
        "DELETE FROM losers WHERE entry = ? AND (conflict IS NULL OR ?)", (entry, int(turns))
    )
    change = Change(
        entry=entry,
        number=number,
        before=() if turns else before,
        after=after,
        losers=set(losers).difference(after),
        turns=turns,
    )
    return keep(tx, at, [change])[0]


def open_conflicts(tx: Transaction) -> tuple[OpenConflict, ...]:
    """All that wait for a person, oldest first."""
    return _read(tx, "c.closed IS NULL", ())


def conflict(tx: Transaction, number: int) -> OpenConflict | None:
    """An open conflict; None if there is none of that number, or it is closed."""
    found = _read(tx, "c.closed IS NULL AND c.number = ?", (number,))
    return found[0] if found else None


def was_open(tx: Transaction, number: int) -> bool:
    """Whether there ever was a conflict of that number."""
    # Those that were closed long ago have no row any more.
    row = tx.execute("SELECT 1 FROM conflicts WHERE number >= ?", (number,)).fetchone()
    return row is not None and number > 0


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
