"""One commit's wish for one key, brought to its essence. Pure data; decides nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.errors import BadRequest
from core.state.arguments import put_text, texts
from core.state.operations import Author, AuthorKind, Kind, Op, Operation

# Facts of a write, kept with it as operations of their own: a person's resolution that changes
# nothing; a write that has to wait whatever stands (a file in the place of a folder, a draft);
# and an undo that changes a text by a write, which undoes the commit that it names.
SETTLE = "settle"
BLOCKED = "blocked"
REVERT = "revert"
# A workspace file is written.
WRITE = "write"

KIND_OF: Mapping[str, Kind] = {
    Op.PUT: Kind.VALUE,
    Op.ADD: Kind.COUNTER,
    Op.INCLUDE: Kind.SET,
    Op.EXCLUDE: Kind.SET,
    Op.APPEND: Kind.LOG,
    Op.PATCH: Kind.RECORD,
    Op.TEXT: Kind.TEXT,
    WRITE: Kind.FILE,
}
# SQLite looks for an adapter, at length, for each string that is a member of an enumeration.
_NAMES = {op: op.value for op in Op}
_PUT = Op.PUT
# Tuples: to look a member of an enumeration up by its hash takes longer.
COMBINING = (Kind.COUNTER, Kind.SET, Kind.LOG, Kind.RECORD)
WHOLE = (Kind.VALUE, Kind.TEXT, Kind.FILE)
_PERSON_RANK = 2**62


class Item(NamedTuple):
    """One operation as it is kept: `id` is its row, `text` its argument as JSON."""

    id: int
    op: str
    text: str | None


class Write(NamedTuple):
    """All that one commit wants of one key.

    `base` is the commit its author saw. `order` places it among writes that saw nothing of each
    other. `clears` says that it starts from nothing (a delete), `kind` what it makes (None: it
    leaves nothing), `settles` that a person settles the open conflict with it, `blocked` that it
    waits whatever stands, `reverts` that it is the write of an undo. `items` are what counts: of a
    value, text or file the last alone.
    """

    commit: int
    base: int
    order: tuple[int, int]
    person: bool
    clears: bool
    kind: Kind | None
    items: tuple[Item, ...]
    settles: bool = False
    blocked: bool = False
    reverts: bool = False

    @property
    def combines(self) -> bool:
        """Whether it can be combined with what others wrote meanwhile, of a record by fields."""
        return self.kind in COMBINING and not self.clears

    @property
    def value(self) -> str | None:
        """The JSON text it puts, if it puts one."""
        return self.items[-1].text if self.kind is Kind.VALUE else None


def place(author: Author, source: str, base: int, commit: int) -> tuple[int, int]:
    """The order of a commit: (base commit, job number), whoever ended first.

    A person's write is placed where it was made: after everything that began before it. Turns
    have no number; those that began at one commit are placed by a hash of their source.
    """
    match author.kind:
        case AuthorKind.PERSON:
            return commit - 1, _PERSON_RANK
        case AuthorKind.JOB:
            return base, author.job or 0
        case AuthorKind.AGENT:
            digest = hashlib.blake2b(source.encode(), digest_size=7).digest()
            return base, -1 - int.from_bytes(digest)


def as_items(operation: Operation, first: int) -> list[Item]:
    """The rows of an operation, numbered from `first`. Raises BadRequest for a wrong argument."""
    if operation.op is _PUT:
        return [Item(first, "put", put_text(operation))]
    op = _NAMES[operation.op]
    return [Item(first + n, op, text) for n, text in enumerate(texts(operation))]


def compose(
    key: str,
    items: Sequence[Item],
    *,
    commit: int,
    base: int,
    order: tuple[int, int],
    person: bool,
) -> Write:
    """The write that items of one key come to. Raises BadRequest when they mix kinds."""
    if len(items) == 1:
        made = KIND_OF.get(items[0].op)
        if made is not None:
            # By far the most, where there are many, and in a third of the time.
            settles = person and made in WHOLE
            return Write(commit, base, order, person, False, made, tuple(items), settles)
    clears = settles = blocked = reverts = False
    kind: Kind | None = None
    kept: list[Item] = []
    for item in items:
        made = KIND_OF.get(item.op)
        if made is not None:
            if kind is not None and kind is not made:
                raise BadRequest(f"`{key}` is written as a {kind} and as a {made} at once")
            if made in WHOLE:
                kept.clear()
            kind = made
            kept.append(item)
        elif item.op == Op.DELETE:
            clears, kind, kept = True, None, []
        elif item.op == SETTLE:
            settles = True
        elif item.op == BLOCKED:
            blocked = True
        elif item.op == REVERT:
            # What it undoes is what it saw, and it never takes anything from anybody.
            base, person, reverts = int(item.text or 0), False, True
        else:
            raise AssertionError(f"{item.op} is no operation of this version")
    settles = settles or (person and (clears or kind in WHOLE))
    return Write(commit, base, order, person, clears, kind, tuple(kept), settles, blocked, reverts)
