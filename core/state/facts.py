"""What a merge has to know of the keys it touches, read in few statements. Decides nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from core.state.database import Transaction
from core.state.fold import NO_GROUND, Ground
from core.state.operations import AuthorKind, Kind
from core.state.record import only
from core.state.standing import NOTHING, Facts, Stamp, Standing
from core.state.values import same
from core.state.write import Item, Write, compose

# Looking a kind up is much cheaper than making it.
_KINDS: dict[str | None, Kind | None] = {None: None} | {kind.value: kind for kind in Kind}

Space = Literal["entry", "file"]

_STANDING = (
    "v.kind, v.body, v.changed, v.born, v.cleared, v.person, v.order_base, v.order_rank,"
    " v.saw, v.commit_no"
)
_KNOWN = (
    f"SELECT e.key, e.id, c.number, {_STANDING} FROM json_each(?) AS k"  # noqa: S608 - constants
    " CROSS JOIN entries AS e ON e.space = ? AND e.key = k.value"
    " LEFT JOIN versions AS v ON v.entry = e.id AND v.commit_no ="
    " (SELECT max(commit_no) FROM versions WHERE entry = e.id)"
    " LEFT JOIN conflicts AS c ON c.entry = e.id AND c.closed IS NULL"
)
_SEEN = (
    f"SELECT v.entry, {_STANDING} FROM json_each(?) AS k"  # noqa: S608 - constants
    " CROSS JOIN versions AS v ON v.entry = k.value AND v.commit_no ="
    " (SELECT max(commit_no) FROM versions WHERE entry = k.value AND commit_no <= ?)"
)
_AT = (
    f"SELECT {_STANDING} FROM versions AS v WHERE v.entry = ? AND v.commit_no <= ?"  # noqa: S608
    " ORDER BY v.commit_no DESC LIMIT 1"
)
_IN_ROWS = (Kind.SET, Kind.LOG)
# Longer lists would make one call of the JSON encoder hold the interpreter.
_CHUNK = 500


class Known(NamedTuple):
    """A key that has an entry: its row, its newest version's commit, its open conflict."""

    entry: int
    version: int
    conflict: int | None
    facts: Facts


def head(tx: Transaction) -> int:
    """The number of the newest commit; 0 before the first."""
    newest: int | None = tx.execute("SELECT max(number) FROM commits").fetchone()[0]
    return newest or 0


def read_known(tx: Transaction, space: Space, writes: Mapping[str, Write]) -> dict[str, Known]:
    """What is known of each written key that was ever written before."""
    found: dict[str, Known] = {}
    for keys in _chunks(writes):
        rows = tx.execute(_KNOWN, (json.dumps(keys), space)).fetchall()
        wanted = {row[1]: writes[row[0]] for row in rows if row[2] is not None}
        waiting = read_candidates(tx, wanted)
        for key, entry, conflict, *columns in rows:
            standing, write = _standing(columns), writes[key]
            if conflict is None and write.kind not in _IN_ROWS:
                facts = Facts(standing)
            else:
                facts = _facts(tx, entry, standing, write, waiting.get(entry, ()))
            found[key] = Known(entry, columns[-1] or 0, conflict, facts)
    return found


def _facts(
    tx: Transaction, entry: int, standing: Standing, write: Write, waiting: tuple[Write, ...]
) -> Facts:
    alive = standing.kind is write.kind
    return Facts(
        standing=standing,
        candidates=waiting,
        stamps=read_stamps(tx, entry, write) if alive and write.kind is Kind.SET else {},
        last_line=last_line(tx, entry) if alive and write.kind is Kind.LOG else None,
    )


def read_seen(tx: Transaction, known: Mapping[str, Known], base: int) -> dict[str, Standing]:
    """Each known key as it stood at `base`."""
    seen = {key: one.facts.standing for key, one in known.items() if one.version <= base}
    moved = {one.entry: key for key, one in known.items() if one.version > base}
    for entries in _chunks(moved):
        rows = tx.execute(_SEEN, (json.dumps(entries), base))
        seen.update((moved[entry], _standing(columns)) for entry, *columns in rows)
    return seen


def standing_at(tx: Transaction, entry: int, at: int) -> Standing:
    """One key as it stood at a commit."""
    row = tx.execute(_AT, (entry, at)).fetchone()
    return NOTHING if row is None else _standing(row)


def _standing(columns: Sequence[Any]) -> Standing:
    kind, body, changed, born, cleared, person, base, rank, saw, commit = columns
    if commit is None:
        return NOTHING
    return Standing(_KINDS[kind], body, changed, born, cleared, person, (base, rank), saw)


def read_stamps(tx: Transaction, entry: int, write: Write) -> dict[str, tuple[Stamp, ...]]:
    """The living stamps of the elements that the write names."""
    found: dict[str, tuple[Stamp, ...]] = {}
    for elements in _chunks(dict.fromkeys(item.text for item in write.items)):
        rows = tx.execute(
            "SELECT s.element, s.operation, s.commit_no FROM json_each(?) AS k"
            " CROSS JOIN stamps AS s ON s.entry = ? AND s.element = k.value"
            " WHERE s.removed IS NULL",
            (json.dumps(elements), entry),
        )
        for element, operation, commit in rows:
            found[element] = (*found.get(element, ()), Stamp(operation, commit))
    return found


def last_line(tx: Transaction, entry: int) -> tuple[int, int] | None:
    """The place of a log's last line."""
    row = tx.execute(
        "SELECT order_base, order_rank FROM lines WHERE entry = ? AND removed IS NULL"
        " ORDER BY order_base DESC, order_rank DESC LIMIT 1",
        (entry,),
    ).fetchone()
    return None if row is None else (row[0], row[1])


_COLUMNS = (
    "SELECT o.entry, o.commit_no, c.base, c.order_base, c.order_rank, c.author_kind, c.rules,"
    " o.id, o.op,"
)
_FROM = " FROM operations AS o JOIN commits AS c ON c.number = o.commit_no WHERE o.entry = ?"
# A log's text is not needed to fold it.
_OF_ENTRY = f"{_COLUMNS} CASE o.op WHEN 'append' THEN NULL ELSE o.argument END{_FROM}"
_WHOLE = f"{_COLUMNS} o.argument{_FROM}"
# Only what tells whether two want the same: of lines, elements and addends that is nothing.
_WAITING = (
    "SELECT l.entry, l.commit_no, o.id, o.op, o.argument FROM json_each(?) AS k"
    " CROSS JOIN losers AS l ON l.entry = k.value AND l.conflict IS NOT NULL"
    " CROSS JOIN operations AS o ON o.entry = l.entry AND o.commit_no = l.commit_no"
    " AND (o.op NOT IN ('append', 'include', 'exclude', 'add') OR o.id ="
    " (SELECT max(id) FROM operations WHERE entry = l.entry AND commit_no = l.commit_no))"
    " ORDER BY l.entry, l.commit_no, o.id"
)
# Of a record with thousands of fields it is long: not in each row of its write.
_PARTS = (
    "SELECT l.entry, l.commit_no, l.part FROM json_each(?) AS k CROSS JOIN losers AS l"
    " ON l.entry = k.value AND l.conflict IS NOT NULL WHERE l.part IS NOT NULL"
)
_ONE_WRITE = itemgetter(slice(7))
_ONE_WAITING = itemgetter(0, 1)
_ANYWHERE = (0, 0)


def read_candidates(tx: Transaction, entries: Mapping[int, Write]) -> dict[int, tuple[Write, ...]]:
    """The writes that wait in each entry's open conflict, oldest commit first: as much of them as
    their equality with the new write of it needs."""
    if not entries:
        return {}
    found: dict[int, list[Write]] = {}
    others: dict[int, Write] = {}
    records = False
    asked = json.dumps(list(entries))
    rows = tx.execute(_WAITING, (asked,)).fetchall()
    for (entry, commit), group in groupby(rows, _ONE_WAITING):
        (_, _, id_, op, argument), *more = group
        if op != "put" or more:
            items = [Item(id_, op, argument), *(Item(*row[2:]) for row in more)]
            write = compose("", items, commit=commit, base=0, order=_ANYWHERE, person=False)
            records = records or write.kind is Kind.RECORD
        elif same(argument, entries[entry].value):
            write = _put(commit, Item(id_, op, argument))
        elif commit in others:
            write = others[commit]
        else:
            # By far the most, where there are many: that they differ is all there is to know.
            write = others[commit] = _put(commit, Item(0, op, None))
        found.setdefault(entry, []).append(write)
    if records:
        _only_parts(found, tx.execute(_PARTS, (asked,)).fetchall())
    return {entry: tuple(writes) for entry, writes in found.items()}


def _put(commit: int, item: Item) -> Write:
    return Write(commit, 0, _ANYWHERE, False, False, Kind.VALUE, (item,))


def _only_parts(found: Mapping[int, list[Write]], parts: Iterable[tuple[int, int, str]]) -> None:
    """Leave of each write of a record the fields that lost."""
    lost = {(entry, commit): part for entry, commit, part in parts}
    for entry, writes in found.items():
        for place, write in enumerate(writes):
            part = lost.get((entry, write.commit))
            if part is not None:
                writes[place] = only(write, json.loads(part))


def read_write(tx: Transaction, entry: int, commit: int) -> Write:
    """What one commit wanted of a key."""
    rows = tx.execute(f"{_OF_ENTRY} AND o.commit_no = ? ORDER BY o.id", (entry, commit))
    return next(_composed(rows))[1]


def read_lost(tx: Transaction, entry: int, commit: int) -> Write:
    """What a commit wanted of a key and lost: of a record perhaps only some fields."""
    row = tx.execute(
        "SELECT part FROM losers WHERE entry = ? AND commit_no = ?", (entry, commit)
    ).fetchone()
    rows = tx.execute(f"{_WHOLE} AND o.commit_no = ? ORDER BY o.id", (entry, commit))
    write = next(_composed(rows))[1]
    return write if row is None or row[0] is None else only(write, json.loads(row[0]))


def live_writes(tx: Transaction, entry: int) -> Iterator[tuple[Write, int]]:
    """All writes of a key since its ground that count, oldest first, with their rules' revision."""
    since = "(SELECT pruned FROM entries WHERE id = o.entry)"
    out = json.dumps(_not_counting(tx, entry))
    rows = tx.execute(
        f"{_OF_ENTRY} AND o.commit_no > {since} AND o.commit_no NOT IN"  # noqa: S608 - constants
        " (SELECT value FROM json_each(?)) ORDER BY o.commit_no, o.id",
        (entry, out),
    )
    return ((write, rules) for _, write, rules in _composed(rows))


_UNDOS = (
    "WITH RECURSIVE undo (number, undoes) AS (SELECT c.number, c.undoes FROM commits AS c"
    " WHERE c.undoes IN (SELECT commit_no FROM operations WHERE entry = ?1) UNION"
    " SELECT c.number, c.undoes FROM commits AS c JOIN undo ON c.undoes = undo.number)"
    " SELECT u.number, u.undoes, EXISTS (SELECT 1 FROM operations WHERE entry = ?1"
    " AND commit_no = u.number AND op = 'revert') FROM undo AS u ORDER BY u.number DESC"
)


def _not_counting(tx: Transaction, entry: int) -> list[int]:
    """The commits that are undone, as far as this key is concerned: an undo that changed it by a
    write of its own left what it undid where it was."""
    out: set[int] = set()
    for number, undoes, reverted in tx.execute(_UNDOS, (entry,)):
        if number not in out and not reverted:
            out.add(undoes)
    return sorted(out)


def pruned_at(tx: Transaction, entry: int) -> int:
    """The commit whose version is the ground of a key's folds; 0: they begin with nothing."""
    (pruned,) = tx.execute("SELECT pruned FROM entries WHERE id = ?", (entry,)).fetchone()
    return int(pruned)


def read_ground(tx: Transaction, entry: int) -> Ground:
    """What a fold of the key's writes begins with."""
    pruned = pruned_at(tx, entry)
    if not pruned:
        return NO_GROUND
    alive = "entry = :entry AND added <= :at AND (removed IS NULL OR removed > :at)"
    given = {"entry": entry, "at": pruned}
    lines = tx.execute(f"SELECT operation FROM lines WHERE {alive}", given)  # noqa: S608
    stamps: dict[str, tuple[Stamp, ...]] = {}
    for element, *stamp in tx.execute(
        f"SELECT element, operation, commit_no FROM stamps WHERE {alive}",  # noqa: S608
        given,
    ):
        stamps[element] = (*stamps.get(element, ()), Stamp(*stamp))
    return Ground(
        standing=standing_at(tx, entry, pruned),
        lines=frozenset(operation for (operation,) in lines),
        stamps=stamps,
    )


def _composed(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Write, int]]:
    """Rows of one entry and commit, next to each other, as one write; with the rules' revision."""
    for (entry, commit, base, first, rank, author, rules), group in groupby(rows, _ONE_WRITE):
        items = [Item(*row[7:]) for row in group]
        person = author == AuthorKind.PERSON.value
        order = (first, rank)
        write = compose("", items, commit=commit, base=base, order=order, person=person)
        yield entry, write, rules


def _chunks(things: Iterable[object]) -> Iterator[list[object]]:
    iterator = iter(things)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
