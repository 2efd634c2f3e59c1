"""A person's choice in a conflict, as a write of that person. Checks no rights."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import BadRequest
from core.state import conflicts
from core.state.apply import Merged, already, merge_settling
from core.state.conflicts import OpenConflict, Place
from core.state.database import Transaction
from core.state.facts import Space, head, read_lost
from core.state.operations import Author, Delta, FileChange, Operation
from core.state.person import person_put
from core.state.rules import Rules
from core.state.taking import both, kept, taken

Wanted = tuple[Operation | FileChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Nothing was done: what was clicked on is not what is open now (None: nothing is)."""

    conflict: OpenConflict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Of a text: where lines overlap, those that stand and then the candidate's."""

    candidate: int


Choice = int | str | Both
"""A candidate (0: what stands), a value of the person's own, or both sides of a text."""


def resolve(
    tx: Transaction,
    number: int,
    revision: int | None,
    choice: Choice,
    author: Author,
    at: float,
    source: str,
    rules: Rules | None = None,
) -> Merged | Stale:
    """Close a conflict, with all its keys.

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
        _check_typed(found)
        return person_put(
            tx, found.key, choice, author=author, at=at, source=source, rules=rules or Rules()
        )
    chosen = choice.candidate if isinstance(choice, Both) else choice
    if not 0 <= chosen <= len(found.candidates):
        raise BadRequest(
            f"conflict #{number} has the choices 0 to {len(found.candidates)}, not {chosen}"
        )
    wanted = _both(tx, found, chosen) if isinstance(choice, Both) else _wanted(tx, found, chosen)
    about = f"conflict #{number}: {'both with' if isinstance(choice, Both) else 'choice'} {chosen}"
    return _commit(tx, found.places, wanted, author, at, source, about)


def take(tx: Transaction, key: str, commit: int, author: Author, at: float, source: str) -> Merged:
    """Take what a commit wanted of an entry and lost (`ReceiptLine.take`), by a person's word.

    Raises BadRequest when the commit did not lose it.
    """
    known = already(tx, source)
    if known is not None:
        return known
    row: tuple[int, Space] | None = tx.execute(
        "SELECT e.id, e.space FROM losers AS l JOIN entries AS e ON e.id = l.entry"
        " WHERE e.key = ? AND l.commit_no = ?",
        (key, commit),
    ).fetchone()
    if row is None:
        raise BadRequest(f"commit {commit} has no write of `{key}` that lost; see /history {key}")
    lost = Place(*row, key, (commit,))
    wanted = taken(tx, lost, read_lost(tx, lost.entry, commit))
    return _commit(tx, [lost], wanted, author, at, source, f"took `{key}` of commit {commit}")


def _check_typed(found: OpenConflict) -> None:
    if len(found.places) > 1:
        raise BadRequest(
            f"conflict #{found.number} is about {len(found.places)} keys at once: choose one of its"
            " versions, or set the keys one by one"
        )
    if found.space == "file":
        raise BadRequest(f"`{found.key}` is a file: choose one of its versions")


def _wanted(tx: Transaction, found: OpenConflict, choice: int) -> Wanted:
    """A candidate is taken with all its keys; the others stay as they stand."""
    commit = found.candidates[choice - 1] if choice else None
    wanted: list[Operation | FileChange] = []
    for place in found.places:
        if commit is not None and commit in place.candidates:
            wanted += taken(tx, place, read_lost(tx, place.entry, commit))
        else:
            waiting = [read_lost(tx, place.entry, other) for other in place.candidates]
            wanted += kept(tx, place, waiting)
    return tuple(wanted)


def _both(tx: Transaction, found: OpenConflict, choice: int) -> Wanted:
    place = found.places[0]
    commit = found.candidates[choice - 1]
    wanted = None
    if choice and len(found.places) == 1:
        wanted = both(tx, place, read_lost(tx, place.entry, commit))
    if wanted is None:
        raise BadRequest(
            f"both cannot stand at once in conflict #{found.number}: choose one of its versions"
        )
    return (wanted,)


def _commit(
    tx: Transaction,
    places: Iterable[Place],
    wanted: Wanted,
    author: Author,
    at: float,
    source: str,
    about: str,
) -> Merged:
    settles: dict[Space, list[str]] = {}
    for place in places:
        settles.setdefault(place.space, []).append(place.key)
    delta = Delta(
        source=source,
        author=author,
        base=head(tx),
        at=at,
        about=about,
        operations=tuple(one for one in wanted if isinstance(one, Operation)),
        files=tuple(one for one in wanted if isinstance(one, FileChange)),
    )
    return merge_settling(tx, delta, Rules(), settles=settles)
