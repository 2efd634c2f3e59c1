"""Which keys and files differ now from what they were at a commit: only among what was read.
Costs what was read and what was committed since, not what the channel has. Decides nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from core.state.database import Transaction
from core.state.drift import Change
from core.state.entries import MOST_ITEMS, author_name, read_elements, read_lines
from core.state.facts import Space, head
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
_CHANGED = """
    SELECT e.id, e.space, e.key, was.kind, was.body, now.kind, now.body,
        c.author_kind, c.author, c.job
    FROM touched JOIN entries AS e ON e.id = touched.entry
    JOIN versions AS now ON now.entry = e.id AND now.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = e.id)
    LEFT JOIN versions AS was ON was.entry = e.id AND was.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = e.id AND commit_no <= :base)
    JOIN commits AS c ON c.number = now.commit_no
    WHERE now.commit_no > :base AND e.space IN ('entry', 'file')
"""
# One call of the JSON encoder holds the interpreter.
_CHUNK = 500


def changed_since(tx: Transaction, base: int, reads: Sequence[Read]) -> tuple[Change, ...]:
    """The keys and files that were read, or could be part of it, and differ from the base."""
    if any(isinstance(read, PrefixRead | FolderRead) for read in reads):
        return tuple(_changes(tx, base, _TOUCHED + _CHANGED, {}))
    keys = dict.fromkeys(read.key for read in reads if isinstance(read, KeyRead))
    paths = dict.fromkeys(read.path for read in reads if isinstance(read, FileRead | Mention))
    return (*_named(tx, base, "entry", keys), *_named(tx, base, "file", paths))


def files_since(tx: Transaction, base: int) -> tuple[str, ...]:
    """The paths of all files that differ from the base."""
    found = _changes(tx, base, f"{_TOUCHED}{_CHANGED} AND e.space = 'file'", {})
    return tuple(change.key for change in found)


def _named(tx: Transaction, base: int, space: Space, names: Iterable[str]) -> Iterator[Change]:
    iterator = iter(names)
    while some := list(islice(iterator, _CHUNK)):
        given = {"space": space, "keys": json.dumps(some)}
        yield from _changes(tx, base, _NAMED + _CHANGED, given)


def _changes(tx: Transaction, base: int, query: str, given: Mapping[str, str]) -> Iterator[Change]:
    for entry, space, key, kind, old, new_kind, new, *author in tx.execute(
        query, {"base": base, **given}
    ):
        if kind == new_kind and _same(tx, base, entry, kind, old, new):
            continue
        by = author_name(*author)
        yield Change(space, key, _standing(kind, old), _standing(new_kind, new), by)


def _same(
    tx: Transaction, base: int, entry: int, kind: str | None, old: str | None, new: str | None
) -> bool:
    """Whether it says the same to who reads it, though somebody wrote it since."""
    match kind:
        case "record":
            return plain(old) == plain(new)
        case "set" | "log" if old == new:
            # As many as before, and they may be others.
            items = read_elements if kind == "set" else read_lines
            return items(tx, entry, base, MOST_ITEMS) == items(tx, entry, head(tx), MOST_ITEMS)
        case _:
            return old == new


def _standing(kind: str | None, body: str | None) -> Standing:
    return Standing(None if kind is None else Kind(kind), body)
