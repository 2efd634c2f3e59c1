"""Reading entries of a snapshot, and what a job sees of its own writes. Merges nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.state.database import Transaction
from core.state.facts import head
from core.state.operations import Author, AuthorKind, Json, Kind, Op, Operation
from core.state.record import plain
from core.state.values import dump, load, number, plus

MOST_ENTRIES = 1000
# How many lines of a log or elements of a set are read; `Entry.size` has the true number.
MOST_ITEMS = 1000
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a snapshot.

    `value` is JSON: a set as a list in a fixed order, a log as the list of its newest lines,
    oldest first, a record as an object. `size` counts elements, lines or fields, also those left
    out. `commit`, `author` and
    `at` (Unix seconds) tell the last write in it; commit 0 is a job's own, not merged yet.
    `conflict` is the number of its open conflict at head.
    """

    key: str
    kind: Kind
    value: Json
    size: int = 1
    commit: int = 0
    author: str = ""
    at: float = 0.0
    pinned: bool = False
    conflict: int | None = None


_SELECT = (
    "SELECT e.id, e.key, v.kind, v.body, v.changed, c.author_kind, c.author, c.job, c.at,"
    " EXISTS (SELECT 1 FROM pins AS p WHERE p.key = e.key),"
    " (SELECT number FROM conflicts WHERE entry = e.id AND closed IS NULL)"
    " FROM entries AS e JOIN versions AS v ON v.entry = e.id AND v.commit_no ="
    " (SELECT max(commit_no) FROM versions WHERE entry = e.id AND commit_no <= :at)"
    " JOIN commits AS c ON c.number = v.changed WHERE e.space = 'entry' AND v.kind IS NOT NULL"
)


def read_entry(
    tx: Transaction, key: str, at: int | None = None, most: int = MOST_ITEMS
) -> Entry | None:
    """The entry at a commit (None: head); of a log or set at most `most` items."""
    commit = head(tx) if at is None else at
    row = tx.execute(f"{_SELECT} AND e.key = :key", {"at": commit, "key": key}).fetchone()
    return None if row is None else _entry(tx, row, commit, most)


def read_prefix(
    tx: Transaction,
    prefix: str = "",
    at: int | None = None,
    limit: int = MOST_ENTRIES,
    most: int = MOST_ITEMS,
) -> tuple[Entry, ...]:
    """The first `limit` entries whose key starts with `prefix`, by key."""
    commit = head(tx) if at is None else at
    rows = tx.execute(
        f"{_SELECT} AND e.key >= :low AND e.key < :high ORDER BY e.key LIMIT :limit",
        {"at": commit, "low": prefix, "high": prefix + _LAST, "limit": limit},
    ).fetchall()
    return tuple(_entry(tx, row, commit, most) for row in rows)


def _entry(tx: Transaction, row: Sequence[Any], at: int, most: int) -> Entry:
    entry, key, kind, body, changed, author_kind, author, job, when, pinned, conflict = row
    found = Entry(
        key=key,
        kind=Kind(kind),
        value=None,
        commit=changed,
        author=author_name(author_kind, author, job),
        at=when,
        pinned=bool(pinned),
        conflict=conflict,
    )
    match found.kind:
        case Kind.COUNTER:
            return replace(found, value=number(body))
        case Kind.SET:
            return replace(found, value=read_elements(tx, entry, at, most), size=int(body))
        case Kind.LOG:
            return replace(found, value=read_lines(tx, entry, at, most), size=int(body))
        case Kind.RECORD:
            fields = plain(body)
            return replace(found, value=fields, size=len(fields))
        case Kind.VALUE | Kind.TEXT | Kind.FILE:
            return replace(found, value=load(body))


def author_name(kind: str, name: str, job: int | None) -> str:
    """An author in words, from the columns of `commits`."""
    return str(Author(kind=AuthorKind(kind), person_id="", name=name, job=job))


def read_lines(tx: Transaction, entry: int, at: int, most: int) -> list[Json]:
    """The newest lines of a log at a commit, oldest first."""
    rows = tx.execute(
        "SELECT o.argument FROM lines AS l JOIN operations AS o ON o.id = l.operation"
        " WHERE l.entry = ? AND l.added <= ? AND (l.removed IS NULL OR l.removed > ?)"
        " ORDER BY l.order_base DESC, l.order_rank DESC, l.operation DESC LIMIT ?",
        (entry, at, at, most),
    ).fetchall()
    return [load(text) for (text,) in reversed(rows)]


def read_elements(tx: Transaction, entry: int, at: int, most: int) -> list[Json]:
    """Elements of a set at a commit, in the order of their JSON text."""
    rows = tx.execute(
        "SELECT DISTINCT element FROM stamps WHERE entry = ? AND added <= ?"
        " AND (removed IS NULL OR removed > ?) ORDER BY element LIMIT ?",
        (entry, at, at, most),
    )
    return [load(text) for (text,) in rows]


def overlay(entry: Entry | None, operations: Iterable[Operation]) -> Entry | None:
    """The entry as a job sees it after its own operations, which `validate` found sound."""
    for operation in operations:
        entry = _after(entry, operation)
    return entry


def _after(entry: Entry | None, operation: Operation) -> Entry | None:
    value = operation.argument
    several: list[Json] = value if isinstance(value, list) else [value]
    match operation.op:
        case Op.DELETE:
            return None
        case Op.PUT:
            return _own(entry, operation.key, Kind.VALUE, value, 1)
        case Op.ADD:
            total = plus(dump(entry.value) if entry else None, dump(value))
            return _own(entry, operation.key, Kind.COUNTER, number(total), 1)
        case Op.APPEND:
            lines = [*_items(entry), *several]
            size = (entry.size if entry else 0) + len(several)
            return _own(entry, operation.key, Kind.LOG, lines, size)
        case Op.INCLUDE | Op.EXCLUDE:
            return _with_elements(entry, operation, several)
        case Op.TEXT:
            return _own(entry, operation.key, Kind.TEXT, value, 1)
        case Op.PATCH:
            fields = _patched(entry, value)
            return _own(entry, operation.key, Kind.RECORD, fields, len(fields))


def _patched(entry: Entry | None, value: Json) -> dict[str, Json]:
    before = entry.value if entry is not None and isinstance(entry.value, dict) else {}
    new = value if isinstance(value, dict) else {}
    both = {**before, **new}
    return {name: both[name] for name in sorted(both) if both[name] is not None}


def _with_elements(entry: Entry | None, operation: Operation, several: list[Json]) -> Entry:
    before = {dump(element): element for element in _items(entry)}
    after = dict(before)
    for element in several:
        if operation.op is Op.INCLUDE:
            after[dump(element)] = element
        else:
            after.pop(dump(element), None)
    size = (entry.size if entry else 0) + len(after) - len(before)
    return _own(entry, operation.key, Kind.SET, [after[text] for text in sorted(after)], size)


def _items(entry: Entry | None) -> list[Json]:
    return entry.value if entry is not None and isinstance(entry.value, list) else []


def _own(entry: Entry | None, key: str, kind: Kind, value: Json, size: int) -> Entry:
    pinned = entry is not None and entry.pinned
    return Entry(key=key, kind=kind, value=value, size=size, pinned=pinned)
