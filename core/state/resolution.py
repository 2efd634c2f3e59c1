"""A person's choice in a conflict, as a write of that person. Checks no rights."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import BadRequest
from core.state import conflicts, files
from core.state.apply import Merged, already, merge_settling
from core.state.conflicts import OpenConflict
from core.state.database import Transaction
from core.state.entries import Entry, overlay, read_entry
from core.state.facts import Space, head, read_write
from core.state.operations import Author, Delta, FileChange, Json, Kind, Op, Operation
from core.state.person import person_put
from core.state.rules import Rules
from core.state.values import load
from core.state.write import Write

_ALL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Nothing was done: what was clicked on is not what is open now (None: nothing is)."""

    conflict: OpenConflict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    operations: tuple[Operation, ...] = ()
    files: tuple[FileChange, ...] = ()


def resolve(
    tx: Transaction,
    number: int,
    revision: int | None,
    choice: int | str,
    author: Author,
    at: float,
    source: str,
    rules: Rules | None = None,
) -> Merged | Stale:
    """Close a conflict with a candidate (0: what stands) or with a text of one's own.

    `revision` is the one that was shown; None takes the current one. Raises BadRequest when
    there is no such candidate, or what is chosen cannot stand.
    """
    known = already(tx, source)
    if known is not None:
        return known
    found = conflicts.conflict(tx, number)
    if found is None or revision not in (None, found.revision):
        return Stale(conflict=found)
    if isinstance(choice, str):
        if found.space == "file":
            raise BadRequest(f"`{found.key}` is a file: choose one of its versions")
        return person_put(
            tx, found.key, choice, author=author, at=at, source=source, rules=rules or Rules()
        )
    if not 0 <= choice <= len(found.candidates):
        raise BadRequest(
            f"conflict #{number} has the choices 0 to {len(found.candidates)}, not {choice}"
        )
    wanted = _kept(tx, found) if choice == 0 else _taken(tx, found, found.candidates[choice - 1])
    about = f"conflict #{number}: choice {choice}"
    return _commit(tx, found.space, found.key, wanted, author, at, source, about)


def take(tx: Transaction, key: str, commit: int, author: Author, at: float, source: str) -> Merged:
    """Take what a commit wanted of an entry and lost (`ReceiptLine.take`), by a person's word.

    Raises BadRequest when the commit did not lose it.
    """
    known = already(tx, source)
    if known is not None:
        return known
    row = tx.execute(
        "SELECT e.space, e.id FROM losers AS l JOIN entries AS e ON e.id = l.entry"
        " WHERE e.key = ? AND l.commit_no = ?",
        (key, commit),
    ).fetchone()
    if row is None:
        raise BadRequest(f"commit {commit} has no write of `{key}` that lost; see /history {key}")
    lost = OpenConflict(
        number=0, revision=0, entry=row[1], space=row[0], key=key, candidates=(commit,)
    )
    wanted = _taken(tx, lost, commit)
    about = f"took `{key}` of commit {commit}"
    return _commit(tx, lost.space, key, wanted, author, at, source, about)


def _commit(
    tx: Transaction,
    space: Space,
    key: str,
    wanted: _Wanted,
    author: Author,
    at: float,
    source: str,
    about: str,
) -> Merged:
    settles: Mapping[Space, list[str]] = {space: [key]}
    delta = Delta(
        source=source,
        author=author,
        base=head(tx),
        at=at,
        about=about,
        operations=wanted.operations,
        files=wanted.files,
    )
    return merge_settling(tx, delta, Rules(), settles=settles)


def _kept(tx: Transaction, found: OpenConflict) -> _Wanted:
    """What stands, as the person's own: so it stays when whoever wrote it first is undone."""
    entry = read_entry(tx, found.key, most=0) if found.space == "entry" else None
    if entry is None or entry.kind is not Kind.VALUE:
        return _Wanted()
    return _Wanted(operations=(Operation(key=found.key, op=Op.PUT, argument=entry.value),))


def _taken(tx: Transaction, found: OpenConflict, commit: int) -> _Wanted:
    """What a candidate would have made of the key, as operations."""
    write = read_write(tx, found.entry, commit)
    if found.space == "file":
        return _Wanted(files=(_file(tx, found.key, write),))
    if write.value is not None:
        put = Operation(key=found.key, op=Op.PUT, argument=load(write.value))
        return _Wanted(operations=(put,))
    seen = None if write.clears else read_entry(tx, found.key, write.base, _ALL)
    if seen is not None and seen.kind is not write.kind:
        seen = None
    wished = overlay(seen, _operations(tx, found, commit))
    return _Wanted(operations=(Operation(key=found.key, op=Op.DELETE), *_anew(wished)))


def _file(tx: Transaction, path: str, write: Write) -> FileChange:
    if write.value is None:
        return FileChange(path=path, content=None)
    way = files.in_the_way(tx, path)
    if way:
        raise BadRequest(f"{path} cannot stand beside {min(way)}: delete that first")
    file = files.state_file(path, write.value, write.commit)
    content = b"".join(files.read_pieces(tx, file))
    return FileChange(path=path, content=content, executable=file.executable)


def _operations(tx: Transaction, found: OpenConflict, commit: int) -> list[Operation]:
    rows = tx.execute(
        "SELECT op, argument FROM operations WHERE entry = ? AND commit_no = ? ORDER BY id",
        (found.entry, commit),
    )
    return [
        Operation(key=found.key, op=Op(op), argument=None if text is None else _listed(op, text))
        for op, text in rows
        if op in tuple(Op)
    ]


def _listed(op: str, text: str) -> Json:
    return load(text) if op in (Op.PUT, Op.ADD) else [load(text)]


def _anew(entry: Entry | None) -> tuple[Operation, ...]:
    """Operations that make the entry from nothing."""
    if entry is None or entry.value == []:
        return ()
    ops = {Kind.COUNTER: Op.ADD, Kind.SET: Op.INCLUDE, Kind.LOG: Op.APPEND}
    return (Operation(key=entry.key, op=ops[entry.kind], argument=entry.value),)
