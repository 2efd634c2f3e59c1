"""Drafts for conflicts whose rule is `propose`: which are wanted, and how one is added as a
candidate. Asks no model."""

from dataclasses import dataclass

from core.errors import BadRequest
from core.state.apply import Merged, already, merge_settling
from core.state.conflicts import OpenConflict, conflict, open_conflicts
from core.state.database import Transaction
from core.state.entries import read_entry
from core.state.facts import head, read_lost, standing_at
from core.state.history import commit_info
from core.state.operations import Author, Delta, FileChange, Json, Kind, Op, Operation
from core.state.resolution import Stale
from core.state.rules import Merging, Rules
from core.state.taking import taken
from core.state.values import dump

_OPS = {Kind.TEXT: Op.TEXT, Kind.RECORD: Op.PATCH}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDraft:
    """A conflict that somebody should draft a way out of. `key` is the one it is about."""

    conflict: OpenConflict
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One side of a conflict, for who drafts: who wanted it, for what work, and all of it."""

    author: Author
    about: str
    wanted: str


def wanted_drafts(tx: Transaction, rules: Rules) -> tuple[WantedDraft, ...]:
    """The open conflicts of keys under `propose` that nobody drafted anything for since their last
    candidate came, oldest first."""
    found = (one for one in open_conflicts(tx) if one.space == "entry" and len(one.places) == 1)
    return tuple(
        WantedDraft(conflict=one, key=one.key)
        for one in found
        if rules.merging(one.key) is Merging.PROPOSE and not _drafted(tx, one)
    )


def versions(tx: Transaction, found: OpenConflict) -> tuple[str, tuple[Version, ...]]:
    """What stands, as JSON ("": nothing does), and what else is wanted, oldest first."""
    entry = read_entry(tx, found.key)
    sides = []
    for commit in found.candidates:
        info = commit_info(tx, commit)
        assert info is not None
        wishes = taken(tx, found.places[0], read_lost(tx, found.entry, commit))
        wanted = "\n".join(_wish(one) for one in wishes)
        sides.append(Version(author=info.author, about=info.about, wanted=wanted))
    return "" if entry is None else dump(entry.value), tuple(sides)


def drafted_op(tx: Transaction, found: OpenConflict) -> Op:
    """By which operation a draft for this conflict is written: put, text or patch."""
    now = standing_at(tx, found.entry, head(tx)).kind
    kinds = [now] if now else [read_lost(tx, found.entry, one).kind for one in found.candidates]
    return next((_OPS[kind] for kind in kinds if kind in _OPS), Op.PUT)


def add_draft(
    tx: Transaction,
    number: int,
    revision: int,
    value: Json,
    author: Author,
    at: float,
    source: str,
) -> Merged | Stale:
    """Add a draft as one more candidate; it changes nothing until a person takes it.

    `revision` is that of the conflict which the draft was made for. Raises BadRequest when the
    value cannot be what the conflict is about.
    """
    known = already(tx, source)
    if known is not None:
        return known
    found = conflict(tx, number)
    if found is None or found.revision != revision:
        return Stale(conflict=found)
    if found.space == "file" or len(found.places) > 1:
        raise BadRequest(f"conflict #{number} is not about one value, so it cannot be drafted")
    delta = Delta(
        source=source,
        author=author,
        base=head(tx),
        at=at,
        about=f"a draft for conflict #{number}",
        operations=(Operation(key=found.key, op=drafted_op(tx, found), argument=value),),
    )
    return merge_settling(tx, delta, Rules(), settles={}, draft=True)


def _drafted(tx: Transaction, found: OpenConflict) -> bool:
    """Whether the newest candidate is a draft."""
    return read_lost(tx, found.entry, found.candidates[-1]).blocked


def _wish(wish: Operation | FileChange) -> str:
    assert isinstance(wish, Operation)  # drafts are for entries alone
    return wish.op.value if wish.op is Op.DELETE else f"{wish.op.value} {dump(wish.argument)}"
