"""What the recorded writes of keys come to: reads them for fold. Writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from operator import attrgetter

from core.state.database import Transaction
from core.state.facts import Space, live_writes, read_ground, standing_at
from core.state.files import Blobs
from core.state.fold import Folded, Wanted, fold
from core.state.operations import Kind
from core.state.record import wishes
from core.state.rules import Rules, adopted
from core.state.standing import NO_FIELDS, NOTHING
from core.state.write import Write

Key = tuple[int, Space, str]
"""An entry, its space and its key or path."""


def fold_keys(
    tx: Transaction, keys: Sequence[Key], ends: Callable[[Write], bool] | None = None
) -> dict[str, Folded]:
    """What all counting writes of keys of one space come to, decided commit by commit; `ends`: see
    fold."""
    revisions: dict[int, Rules] = {}
    streams = [_wanted(tx, key, revisions) for key in keys]
    commit_of = attrgetter("write.commit")
    ordered = merge(*streams, key=commit_of)
    return fold(
        (list(group) for _, group in groupby(ordered, key=commit_of)),
        {name: read_ground(tx, entry) for entry, _, name in keys},
        Blobs(tx),
        ends,
    )


def _wanted(tx: Transaction, key: Key, revisions: dict[int, Rules]) -> Iterator[Wanted]:
    entry, space, name = key
    for write, revision in live_writes(tx, entry):
        seen = standing_at(tx, entry, write.base) if write.base else NOTHING
        if space == "file" or not revision:
            yield Wanted(name, write, seen)
            continue
        if revision not in revisions:
            revisions[revision] = adopted(tx, revision)
        rules = revisions[revision]
        fields = rules.fields(name, wishes(write)) if write.kind is Kind.RECORD else NO_FIELDS
        yield Wanted(name, write, seen, rules.merging(name), fields, rules.group(name))


def grouping(tx: Transaction) -> dict[int, Rules]:
    """All rules that ever said `together` here, by their revision."""
    rows = tx.execute("SELECT revision FROM rules").fetchall()
    revisions = {revision: adopted(tx, revision) for (revision,) in rows}
    return {revision: rules for revision, rules in revisions.items() if rules.has_groups}


def together(tx: Transaction, key: Key, groups: Mapping[int, Rules]) -> tuple[Key, ...]:
    """The key with all keys that any commit decided together with it, and with those, and so on."""
    if key[1] == "file" or not groups:
        return (key,)
    found, left = {key: None}, [key]
    seen = set[tuple[int, str]]()
    while left:
        for other in _beside(tx, left.pop(), groups, seen):
            if other not in found:
                found[other] = None
                left.append(other)
    return tuple(sorted(found))


def _beside(
    tx: Transaction, key: Key, groups: Mapping[int, Rules], seen: set[tuple[int, str]]
) -> Iterator[Key]:
    """The keys that a commit wrote under the same `together` as this one; of a commit and pattern
    in `seen` none, as they are known."""
    commits = tx.execute(
        "SELECT DISTINCT c.number, c.rules FROM operations AS o"
        " JOIN commits AS c ON c.number = o.commit_no WHERE o.entry = ? AND c.rules > 0",
        (key[0],),
    ).fetchall()
    for number, revision in commits:
        rules = groups.get(revision, Rules())
        group = rules.group(key[2])
        if group is None or (number, group) in seen:
            continue
        seen.add((number, group))
        rows = tx.execute(
            "SELECT DISTINCT e.id, e.space, e.key FROM operations AS o"
            " JOIN entries AS e ON e.id = o.entry WHERE o.commit_no = ? AND e.space = 'entry'",
            (number,),
        )
        yield from (other for other in rows.fetchall() if rules.group(other[2]) == group)
