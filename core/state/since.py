"""Which keys and files differ now from what they were at a commit: only among what was read.
Costs what was read and what was committed since, not what the channel has. Decides nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from core.state.database import Transaction
from core.state.drift import Change
from core.state.entries import author_name
from core.state.facts import Space
from core.state.operations import Kind
from core.state.reads import FileRead, FolderRead, KeyRead, Mention, PrefixRead, Read
from core.state.record import plain
from core.state.standing import Standing

# What commits after the base wanted, and what undos after it turned, which have no operations.
_TOUCHED = """
    WITH RECURSIVE undone (commit_no) AS (
        SELECT undoes FROM commits WHERE undoes IS NOT NULL AND number > :base
        UNION
        SELECT c.undoes FROM undone JOIN commits AS c ON c.number = undone.commit_no
        WHERE c.undoes IS NOT NULL
    ), touched (entry) AS (
        SELECT entry FROM operations WHERE commit_no > :base
        UNION
        SELECT o.entry FROM undone JOIN operations AS o ON o.commit_no = undone.commit_no
    )
"""
_NAMED = """
    WITH touched (entry) AS (
        SELECT e.id FROM json_each(:keys) AS k
        CROSS JOIN entries AS e ON e.space = :space AND e.key = k.value
    )
"""
# Sets and logs may have as many elements or lines as before, and yet others.
_MOVED_IN = """
    CASE now.kind
    WHEN 'log' THEN EXISTS (
        SELECT 1 FROM lines AS l WHERE l.entry = now.entry AND l.removed IS NULL AND l.added > :base
        AND NOT EXISTS (
            SELECT 1 FROM lines AS b WHERE b.entry = l.entry AND b.order_base = l.order_base
            AND b.order_rank = l.order_rank AND b.operation = l.operation
            AND b.added <= :base AND b.removed > :base))
    WHEN 'set' THEN EXISTS (
        SELECT 1 FROM stamps AS s WHERE s.entry = now.entry AND s.removed IS NULL
        AND s.added > :base AND NOT EXISTS (
            SELECT 1 FROM stamps AS b WHERE b.entry = s.entry AND b.element = s.element
            AND b.added <= :base AND (b.removed IS NULL OR b.removed > :base)))
    ELSE 0 END
"""
_DIFFERS = f"""
    SELECT e.space, e.key, was.kind, was.body, now.kind, now.body, c.author_kind, c.author, c.job
    FROM touched JOIN entries AS e ON e.id = touched.entry
    JOIN versions AS now ON now.entry = e.id AND now.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = e.id)
    LEFT JOIN versions AS was ON was.entry = e.id AND was.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = e.id AND commit_no <= :base)
    JOIN commits AS c ON c.number = now.commit_no
    WHERE now.commit_no > :base AND e.space IN ('entry', 'file')
        AND (now.kind IS NOT was.kind OR now.body IS NOT was.body OR {_MOVED_IN})
"""  # noqa: S608 - constants
# One call of the JSON encoder holds the interpreter.
_CHUNK = 500


def changed_since(tx: Transaction, base: int, reads: Sequence[Read]) -> tuple[Change, ...]:
    """The keys and files that were read, or could be part of it, and differ from the base."""
    if any(isinstance(read, PrefixRead | FolderRead) for read in reads):
        return tuple(_changes(tx.execute(_TOUCHED + _DIFFERS, {"base": base})))
    keys = dict.fromkeys(read.key for read in reads if isinstance(read, KeyRead))
    paths = dict.fromkeys(read.path for read in reads if isinstance(read, FileRead | Mention))
    return (*_named(tx, base, "entry", keys), *_named(tx, base, "file", paths))


def files_since(tx: Transaction, base: int) -> tuple[str, ...]:
    """The paths of all files that differ from the base."""
    found = _changes(tx.execute(f"{_TOUCHED}{_DIFFERS} AND e.space = 'file'", {"base": base}))
    return tuple(change.key for change in found)


def _named(tx: Transaction, base: int, space: Space, names: Iterable[str]) -> Iterator[Change]:
    iterator = iter(names)
    while some := list(islice(iterator, _CHUNK)):
        given = {"base": base, "space": space, "keys": json.dumps(some)}
        yield from _changes(tx.execute(_NAMED + _DIFFERS, given))


def _changes(rows: Iterable[Sequence[Any]]) -> Iterator[Change]:
    for space, key, old_kind, old, new_kind, new, author_kind, author, job in rows:
        if old_kind == new_kind == Kind.RECORD.value and plain(old) == plain(new):
            continue  # only who wrote its fields is another
        by = author_name(author_kind, author, job)
        yield Change(space, key, _standing(old_kind, old), _standing(new_kind, new), by)


def _standing(kind: str | None, body: str | None) -> Standing:
    return Standing(None if kind is None else Kind(kind), body)
