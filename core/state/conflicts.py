"""The open conflicts: their keys, candidates and revisions. Decides no merge.

A key has one at a time. A conflict has one key, or several where a rule says `together`.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from core.state.database import Transaction
from core.state.facts import Space
from core.state.operations import Kind
from core.state.record import wishes
from core.state.write import Write


class Place(NamedTuple):
    """A key of a conflict. `candidates` are the commits whose writes of it wait."""

    entry: int
    space: Space
    key: str
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict:
    """An open conflict. `candidates` are the commits whose writes wait, candidate 1 first.

    `entry`, `space` and `key` are those of its first key; `places` are all of them.
    """

    number: int
    revision: int
    entry: int
    space: Space
    key: str
    candidates: tuple[int, ...]
    places: tuple[Place, ...] = ()


class Change(NamedTuple):
    """What becomes of what waits for a key, and of what lost, with one commit.

    `number` is the conflict that was open before, `before` and `after` are its candidates,
    `losers` commits that lost and are no candidates. `turns`: there is something else to choose
    from or against, so that who looked at it before has to look again. `parts`: see `part`. Of
    one `group` all keys wait in one conflict; `settles` closes it for all of them.
    """

    entry: int
    number: int | None
    before: Sequence[int]
    after: Sequence[int]
    losers: Collection[int]
    turns: bool = True
    parts: Mapping[int, str | None] = {}
    group: str | None = None
    settles: bool = False


def part(lost: Write) -> str | None:
    """What is kept of the part of a write that lost: of a record the fields, None: all."""
    return json.dumps(list(wishes(lost))) if lost.kind is Kind.RECORD else None


# A key comes to a conflict that there is.
_JOIN = (
    "INSERT INTO conflicts (number, entry, revision, opened) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (number, entry) DO UPDATE SET closed = NULL, revision = excluded.revision"
)


def keep(tx: Transaction, at: int, changes: Sequence[Change]) -> list[int | None]:
    """Write down what has changed with the commit `at`; returns the number of the conflict that
    is open now, or None, for each change."""
    (newest,) = tx.execute("SELECT coalesce(max(number), 0) FROM conflicts").fetchone()
    numbers = _numbered(tx, at, changes, newest)
    opened = [
        (number, one.entry)
        for number, one in zip(numbers, changes, strict=True)
        if number is not None and number != one.number
    ]
    tx.executemany(
        "INSERT INTO conflicts (number, entry, revision, opened) VALUES (?, ?, 1, ?)",
        ((*row, at) for row in opened if row[0] > newest),
    )
    _join(tx, at, [row for row in opened if row[0] <= newest])
    # A conflict of many keys is one question: all of them turn it once.
    turned = dict.fromkeys(one.number for one in changes if one.number is not None and one.turns)
    if turned:
        tx.execute(
            "UPDATE conflicts SET revision = revision + 1 WHERE closed IS NULL"
            " AND number IN (SELECT value FROM json_each(?))",
            (json.dumps(list(turned)),),
        )
    tx.executemany(
        "UPDATE conflicts SET closed = ? WHERE number = ? AND entry = ? AND closed IS NULL",
        [(at, one.number, one.entry) for one in changes if one.number and not one.after],
    )
    tx.executemany(
        "INSERT INTO losers VALUES (?, ?, ?, ?)"
        " ON CONFLICT (entry, commit_no) DO UPDATE SET conflict = excluded.conflict",
        _losers(changes, numbers),
    )
    settled = (one.number for one in changes if one.settles and not one.after)
    for number in dict.fromkeys(settled):
        if number is not None:
            _close(tx, number, at)
    return numbers


def _join(tx: Transaction, at: int, rows: Sequence[tuple[int, int]]) -> None:
    """Add entries to conflicts (number, entry), at the revisions that these have."""
    revisions = {
        number: tx.execute(
            "SELECT max(revision) FROM conflicts WHERE number = ?", (number,)
        ).fetchone()[0]
        for number in dict.fromkeys(number for number, _ in rows)
    }
    tx.executemany(_JOIN, ((number, entry, revisions[number], at) for number, entry in rows))


def _close(tx: Transaction, number: int, at: int) -> None:
    """Who settled one key of a conflict has settled them all."""
    tx.execute(
        "UPDATE losers SET conflict = NULL WHERE conflict = ?1 AND entry IN"
        " (SELECT entry FROM conflicts WHERE number = ?1 AND closed IS NULL)",
        (number,),
    )
    tx.execute("UPDATE conflicts SET closed = ? WHERE number = ? AND closed IS NULL", (at, number))


def _numbered(tx: Transaction, at: int, changes: Sequence[Change], newest: int) -> list[int | None]:
    """Open conflicts keep their number, new ones get the next; a group shares one."""
    fresh = count(newest + 1)
    shared: dict[str, int] = {}
    for group in dict.fromkeys(one.group or "" for one in changes if one.group and one.after):
        members = [one for one in changes if one.group == group and one.after]
        numbers = sorted({one.number for one in members if one.number is not None})
        shared[group] = numbers[0] if numbers else next(fresh)
        for number in numbers[1:]:
            _move(tx, number, shared[group], at)
    return [
        (shared.get(one.group or "") or one.number or next(fresh)) if one.after else None
        for one in changes
    ]


def _move(tx: Transaction, number: int, to: int, at: int) -> None:
    """Let two open conflicts be one from now on."""
    entries = tx.execute(
        "SELECT entry FROM conflicts WHERE number = ? AND closed IS NULL", (number,)
    ).fetchall()
    tx.execute("UPDATE conflicts SET closed = ? WHERE number = ? AND closed IS NULL", (at, number))
    _join(tx, at, [(to, entry) for (entry,) in entries])
    tx.executemany(
        "UPDATE losers SET conflict = ? WHERE entry = ? AND conflict = ?",
        ((to, entry, number) for (entry,) in entries),
    )


def _losers(
    changes: Sequence[Change], numbers: Sequence[int | None]
) -> Iterator[tuple[int, int, int | None, str | None]]:
    """Rows: a commit whose write is not the state waits in a conflict, or is beaten (None)."""
    for one, number in zip(changes, numbers, strict=True):
        before, after = one.before, one.after
        if one.losers or before != after[: len(before)]:
            for commit in {*one.losers, *before}.difference(after):
                yield one.entry, commit, None, one.parts.get(commit)
        for commit in after if not before else set(after).difference(before):
            yield one.entry, commit, number, one.parts.get(commit)


class Anew(NamedTuple):
    """What waits and what lost of a key after all its writes were folded again; see Folded.
    `moved`: the key stands otherwise than before."""

    entry: int
    candidates: Sequence[Write]
    losers: Mapping[int, Write]
    joined: frozenset[str]
    moved: bool


def replace(tx: Transaction, at: int, keys: Sequence[Anew]) -> list[int | None]:
    """Write it down in the place of what was; returns each key's open conflict, if any."""
    groups: dict[frozenset[str], str] = {}
    for one in keys:
        if len(one.joined) > 1 and one.joined not in groups:
            groups[one.joined] = min(one.joined)
    return keep(tx, at, [_anew(tx, one, groups.get(one.joined)) for one in keys])


def _anew(tx: Transaction, one: Anew, group: str | None) -> Change:
    row = tx.execute(
        "SELECT number FROM conflicts WHERE entry = ? AND closed IS NULL", (one.entry,)
    ).fetchone()
    number = None if row is None else row[0]
    before = tx.execute(
        "SELECT commit_no, part FROM losers WHERE entry = ? AND conflict = ? ORDER BY commit_no",
        (one.entry, number),
    ).fetchall()
    parts = {commit: part(lost) for commit, lost in one.losers.items()}
    after = [write.commit for write in one.candidates]
    turns = one.moved or before != [(commit, parts[commit]) for commit in after]
    tx.execute(
        "DELETE FROM losers WHERE entry = ? AND (conflict IS NULL OR ?)", (one.entry, int(turns))
    )
    return Change(
        entry=one.entry,
        number=number,
        before=() if turns else after,
        after=after,
        losers=set(one.losers).difference(after),
        turns=turns,
        parts=parts,
        group=group if after else None,
    )


def closed_by(tx: Transaction, commit: int) -> tuple[int, ...]:
    """The conflicts of which nothing is open since that commit."""
    rows = tx.execute(
        "SELECT DISTINCT number FROM conflicts AS one WHERE closed = ? AND NOT EXISTS"
        " (SELECT 1 FROM conflicts WHERE number = one.number AND closed IS NULL)",
        (commit,),
    )
    return tuple(number for (number,) in rows)


def open_conflicts(tx: Transaction, most: int = -1) -> tuple[OpenConflict, ...]:
    """All that wait for a person, oldest first; with `most` no more than so many."""
    if most < 0:
        return _read(tx, "c.closed IS NULL", ())
    return _read(tx, _OLDEST, (most,))


def count_open(tx: Transaction) -> int:
    """How many wait for a person."""
    (number,) = tx.execute(
        "SELECT count(DISTINCT number) FROM conflicts WHERE closed IS NULL"
    ).fetchone()
    return int(number)


def contested(tx: Transaction, space: Space) -> set[str]:
    """The keys or paths of all open conflicts."""
    rows = tx.execute(
        "SELECT e.key FROM conflicts AS c JOIN entries AS e ON e.id = c.entry"
        " WHERE c.closed IS NULL AND e.space = ?",
        (space,),
    )
    return {key for (key,) in rows}


_OLDEST = (
    "c.closed IS NULL AND c.number IN"
    " (SELECT DISTINCT number FROM conflicts WHERE closed IS NULL ORDER BY number LIMIT ?)"
)


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
        f" JOIN entries AS e ON e.id = c.entry WHERE {condition} ORDER BY c.number, e.key"
    )
    rows = tx.execute(query, parameters).fetchall()
    return tuple(_open(tx, number, list(group)) for number, group in groupby(rows, itemgetter(0)))


def _open(tx: Transaction, number: int, rows: Sequence[tuple[Any, ...]]) -> OpenConflict:
    places = tuple(
        Place(entry, space, key, _candidates(tx, entry, number)) for _, _, entry, space, key in rows
    )
    first = places[0]
    return OpenConflict(
        number=number,
        revision=max(row[1] for row in rows),
        entry=first.entry,
        space=first.space,
        key=first.key,
        candidates=tuple(sorted({commit for place in places for commit in place.candidates})),
        places=places,
    )


def _candidates(tx: Transaction, entry: int, number: int) -> tuple[int, ...]:
    rows = tx.execute(
        "SELECT commit_no FROM losers WHERE entry = ? AND conflict = ? ORDER BY commit_no",
        (entry, number),
    )
    return tuple(commit for (commit,) in rows)
