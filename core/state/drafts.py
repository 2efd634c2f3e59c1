"""Drafts for conflicts whose rule is `propose`: which are wanted, and how one is added as a
candidate. Asks no model."""

from dataclasses import dataclass

from core.errors import BadRequest
from core.state.apply import Merged, already, merge_settling
from core.state.conflicts import OpenConflict, conflict, open_conflicts
from core.state.database import Transaction
from core.state.facts import head, read_lost, standing_at
from core.state.operations import Author, Delta, Json, Kind, Op, Operation
from core.state.resolution import Stale
from core.state.rules import Merging, Rules

_OPS = {Kind.TEXT: Op.TEXT, Kind.RECORD: Op.PATCH}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDraft:
    """A conflict that somebody should draft a way out of. `key` is the one it is about."""

    conflict: OpenConflict
    key: str


def wanted_drafts(tx: Transaction, rules: Rules) -> tuple[WantedDraft, ...]:
    """The open conflicts of keys under `propose` that nobody drafted anything for since their last
    candidate came, oldest first."""
    found = (one for one in open_conflicts(tx) if one.space == "entry" and len(one.places) == 1)
    return tuple(
        WantedDraft(conflict=one, key=one.key)
        for one in found
        if rules.merging(one.key) is Merging.PROPOSE and not _drafted(tx, one)
    )


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
        operations=(Operation(key=found.key, op=_op(tx, found), argument=value),),
    )
    return merge_settling(tx, delta, Rules(), settles={}, draft=True)


def _drafted(tx: Transaction, found: OpenConflict) -> bool:
    """Whether the newest candidate is a draft."""
    return read_lost(tx, found.entry, found.candidates[-1]).blocked


def _op(tx: Transaction, found: OpenConflict) -> Op:
    now = standing_at(tx, found.entry, head(tx)).kind
    kinds = [now] if now else [read_lost(tx, found.entry, one).kind for one in found.candidates]
    return next((_OPS[kind] for kind in kinds if kind in _OPS), Op.PUT)
