"""Removing what of a channel's past nothing needs any more, in small steps. Decides no merge.

The floor is raised first: from then on nothing below it is read or undone. What only served that
goes afterwards, a few rows in each transaction; a kill between two of them leaves nothing half,
because the folds of a key begin with its ground (`entries.pruned`) as soon as its rows begin to go.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from core.state.database import Transaction
from core.state.facts import head
from core.state.folding import grouping, together
from core.state.kept import floor

ROWS = 300
"""Rows looked at in one step: a few milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far the past may go, as it was found when `head` was the newest commit."""

    floor: int
    head: int


def horizon(tx: Transaction, before: float, bases: Iterable[int] = ()) -> Horizon:
    """Find the newest commit that was the head at `before` (Unix seconds), or an older one that
    the author of a later commit saw. `bases` are the commits that unfinished work has seen."""
    newest, oldest = head(tx), floor(tx)
    row = tx.execute(
        "SELECT number FROM commits WHERE number > ? AND at >= ? ORDER BY number LIMIT 1",
        (oldest, before),
    ).fetchone()
    found, upto = min([newest if row is None else row[0] - 1, *bases]), newest
    while found < upto:
        # A write is decided by what its author saw, also when an undo folds it again.
        (seen,) = tx.execute(
            "SELECT min(base) FROM commits WHERE number > ? AND number <= ?", (found, upto)
        ).fetchone()
        found, upto = min(found, seen), found
    return Horizon(floor=max(oldest, found), head=newest)


def raise_floor(tx: Transaction, found: Horizon, bases: Iterable[int] = ()) -> bool:
    """Let go of what is below the horizon; False when somebody began with it since it was found.

    `bases` are the commits that unfinished work has seen by now.
    """
    (seen,) = tx.execute("SELECT min(base) FROM commits WHERE number > ?", (found.head,)).fetchone()
    if min([found.floor, *bases, *([] if seen is None else [seen])]) < found.floor:
        return False
    if found.floor > floor(tx):
        tx.execute(
            "INSERT INTO pruned (one, floor, listed, operation) VALUES (1, ?, 0, 0)"
            " ON CONFLICT (one) DO UPDATE SET floor = excluded.floor",
            (found.floor,),
        )
    return True


def list_step(tx: Transaction, most: int = ROWS) -> bool:
    """Note the entries of some more commits up to the floor; False when there are no more.

    What is told of these commits goes: who, when and what for is all that stays of them.
    """
    row = tx.execute("SELECT floor, listed, operation FROM pruned").fetchone()
    if row is None or row[1] >= row[0]:
        return False
    upto, listed, operation = row
    left = most
    while left > 0 and listed < upto:
        rows = _touched(tx, listed + 1, operation, left)
        tx.executemany(
            "INSERT OR IGNORE INTO to_prune SELECT id, pruned, 0 FROM entries WHERE id = ?",
            ((entry,) for _, entry in rows),
        )
        if len(rows) < left:
            listed, operation = listed + 1, 0
            tx.execute("UPDATE commits SET receipt = '[]' WHERE number = ?", (listed,))
        else:
            operation = rows[-1][0]
        left -= max(1, len(rows))
    tx.execute("UPDATE pruned SET listed = ?, operation = ?", (listed, operation))
    return True


def _touched(tx: Transaction, commit: int, after: int, most: int) -> list[tuple[int, int]]:
    """Operations with their entries that the commit brought in, or took out or back."""
    rows = tx.execute(
        "WITH RECURSIVE origin (number, undoes) AS ("
        " SELECT number, undoes FROM commits WHERE number = ?1 UNION"
        " SELECT c.number, c.undoes FROM commits AS c JOIN origin ON c.number = origin.undoes)"
        " SELECT id, entry FROM operations WHERE commit_no IN (SELECT number FROM origin)"
        " AND id > ?2 ORDER BY id LIMIT ?3",
        (commit, after, most),
    )
    return rows.fetchall()


def prune_step(tx: Transaction, after: int, most: int = ROWS) -> int | None:
    """Prune some of the noted entries with an id above `after`; returns the last one that is
    through, None when there are no more."""
    left, upto = most, floor(tx)
    taken, groups = _taken(tx, upto), grouping(tx)
    rows = tx.execute(
        "SELECT entry, commit_no, operation, space, key FROM to_prune"
        " JOIN entries ON id = entry WHERE entry > ? ORDER BY entry LIMIT ?",
        (after, max(1, most // 4)),
    ).fetchall()
    for entry, commit, operation, space, key in rows:
        if left <= 0:
            return after
        # What is decided together is folded together, so it needs one ground.
        mates = [mate for mate, _, _ in together(tx, (entry, space, key), groups)]
        if not any(_needed(tx, mate, upto, taken) for mate in mates):
            tx.executemany(
                "UPDATE entries SET pruned = ? WHERE id = ?", ((upto, mate) for mate in mates)
            )
            left -= _prune(tx, entry, (commit, operation), upto, left)
            if left <= 0:
                return after
            _finish(tx, entry, upto)
        left -= 4
        after = entry
    return after if rows else None


def _taken(tx: Transaction, upto: int) -> str:
    """The commits up to the floor that undos above it took out or brought back, as JSON."""
    rows = tx.execute(
        "WITH RECURSIVE taken (number) AS ("
        " SELECT undoes FROM commits WHERE undoes IS NOT NULL AND number > ?1 UNION"
        " SELECT c.undoes FROM commits AS c JOIN taken ON c.number = taken.number"
        " WHERE c.undoes IS NOT NULL)"
        " SELECT number FROM taken WHERE number <= ?1",
        (upto,),
    )
    return json.dumps([number for (number,) in rows])


def _needed(tx: Transaction, entry: int, upto: int, taken: str) -> bool:
    """Whether a conflict, or an undo that is kept, needs more of the key than its ground."""
    row = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM conflicts WHERE entry = :entry AND opened <= :upto"
        " AND (closed IS NULL OR closed > :upto))"
        " OR EXISTS (SELECT 1 FROM losers WHERE entry = :entry AND commit_no <= :upto"
        "  AND conflict IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM json_each(:taken) AS t CROSS JOIN operations AS o"
        "  ON o.entry = :entry AND o.commit_no = t.value)",
        {"entry": entry, "upto": upto, "taken": taken},
    ).fetchone()
    return bool(row[0])


def _prune(tx: Transaction, entry: int, place: tuple[int, int], upto: int, most: int) -> int:
    """Remove rows of a key, about `most` at once; returns how many were looked at."""
    given = {"entry": entry, "upto": upto, "most": most}
    gone = tx.execute(
        "DELETE FROM versions WHERE entry = :entry AND commit_no IN (SELECT commit_no FROM versions"
        " WHERE entry = :entry AND commit_no < (SELECT max(commit_no) FROM versions"
        "  WHERE entry = :entry AND commit_no <= :upto) LIMIT :most)",
        given,
    ).rowcount
    gone += tx.execute(
        "DELETE FROM losers WHERE entry = :entry AND commit_no <= :upto", given
    ).rowcount
    gone += _dead(tx, "lines", "order_base, order_rank, operation, added", given)
    gone += _dead(tx, "stamps", "element, operation, added", given)
    return gone + (_spent(tx, entry, place, upto, most - gone) if gone < most else 0)


def _dead(tx: Transaction, table: str, key: str, given: dict[str, int]) -> int:
    """Remove lines or stamps that nobody can see any more, and the operations they came of."""
    rows = tx.execute(
        f"SELECT operation, {key} FROM {table} WHERE entry = :entry"  # noqa: S608 - constants
        " AND removed <= :upto LIMIT :most",
        given,
    ).fetchall()
    places = ", ".join("?" for _ in key.split(", "))
    tx.executemany(
        f"DELETE FROM {table} WHERE entry = ? AND ({key}) = ({places})",  # noqa: S608
        ((given["entry"], *row[1:]) for row in rows),
    )
    _drop(tx, given["upto"], (row[0] for row in rows))
    return 2 * len(rows)


def _spent(tx: Transaction, entry: int, place: tuple[int, int], upto: int, most: int) -> int:
    """Remove operations that nothing stands on, from `place` on."""
    rows = tx.execute(
        "SELECT commit_no, id FROM operations WHERE entry = ? AND (commit_no, id) > (?, ?)"
        " AND commit_no <= ? ORDER BY commit_no, id LIMIT ?",
        (entry, *place, upto, most),
    ).fetchall()
    _drop(tx, upto, (operation for _, operation in rows))
    if rows:
        tx.execute(
            "UPDATE to_prune SET commit_no = ?, operation = ? WHERE entry = ?", (*rows[-1], entry)
        )
    return len(rows)


def _drop(tx: Transaction, upto: int, operations: Iterable[int]) -> None:
    """Remove operations up to the floor, but for those whose line or stamp is there."""
    tx.executemany(
        "DELETE FROM operations WHERE id = ?1 AND commit_no <= ?2"
        " AND NOT EXISTS (SELECT 1 FROM commits AS c JOIN lines AS l"
        "  ON l.entry = operations.entry AND l.order_base = c.order_base"
        "  AND l.order_rank = c.order_rank AND l.operation = operations.id"
        "  WHERE c.number = operations.commit_no)"
        " AND NOT EXISTS (SELECT 1 FROM stamps AS s WHERE s.entry = operations.entry"
        "  AND s.element = operations.argument AND s.operation = operations.id)",
        ((operation, upto) for operation in operations),
    )


def _finish(tx: Transaction, entry: int, upto: int) -> None:
    """The key is pruned; one that was deleted long ago goes whole."""
    tx.execute("DELETE FROM to_prune WHERE entry = ?", (entry,))
    gone = tx.execute(
        "DELETE FROM entries WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM operations WHERE entry = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM versions WHERE entry = ?1"
        "  AND (kind IS NOT NULL OR commit_no > ?2))"
        " AND NOT EXISTS (SELECT 1 FROM lines WHERE entry = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM stamps WHERE entry = ?1)",
        (entry, upto),
    ).rowcount
    if gone:
        tx.execute("DELETE FROM versions WHERE entry = ?", (entry,))


_CLOSED = (
    "SELECT number, entry FROM conflicts"
    " WHERE closed <= ? AND number < (SELECT max(number) FROM conflicts) LIMIT ?"
)


def conflicts_step(tx: Transaction) -> bool:
    """Remove some conflicts that were closed long ago; False when there are no more.

    The newest stays: its number must not be given again, because old buttons name it.
    """
    gone = tx.execute(
        f"DELETE FROM conflicts WHERE (number, entry) IN ({_CLOSED})",  # noqa: S608 - constants
        (floor(tx), ROWS),
    ).rowcount
    return gone == ROWS


def unpruned(tx: Transaction) -> bool:
    """Whether a step has something to do: the floor lets go of what is still there."""
    row = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM pruned WHERE listed < floor)"  # noqa: S608 - constants
        f" OR EXISTS (SELECT 1 FROM to_prune) OR EXISTS ({_CLOSED})",
        (floor(tx), 1),
    ).fetchone()
    return bool(row[0])
