"""Merging a delta into the channel's state: read, let merge decide, write, in one transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from core.state import conflicts, files, receipts, store
from core.state.by_lines import hash_of
from core.state.database import Transaction
from core.state.facts import Known, Space, head, read_known, read_seen
from core.state.merge import LOST, NO_FACTS, NOTHING, Case, Merging, Step, Verdict, plan
from core.state.operations import Author, AuthorKind, Delta, Kind, Op
from core.state.receipts import ReceiptLine, Tally
from core.state.record import wishes
from core.state.rules import Rules, adopt
from core.state.savepoint import savepoint
from core.state.standing import NO_CONTENTS, NO_FIELDS, Contents, Facts, Fields
from core.state.validate import check_delta
from core.state.write import BLOCKED, SETTLE, WRITE, Item, Write, as_items, compose, place

# SQLite lets go of the interpreter at each row and takes it again before the loop is awake, so that
# the loop may have to wait for all rows of a statement: keys come in small batches.
_AT_ONCE = 250
# To name a member of an enumeration takes long where it is done for each key.
_CANDIDATE = Verdict.CANDIDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did. `commit` is None when there was nothing to merge.

    `conflicts` are the open ones that its writes met. `already`: the source was merged before,
    and this is what it did then.
    """

    commit: int | None
    receipt: tuple[ReceiptLine, ...] = ()
    conflicts: tuple[int, ...] = ()
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """A delta as rows of `operations`, by key and by path, and the contents of its files."""

    entries: dict[str, list[Item]] = field(default_factory=dict)
    files: dict[str, list[Item]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    next_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """The commit being made."""

    number: int
    delta: Delta
    order: tuple[int, int]
    rules: Rules
    blobs: Mapping[str, bytes]

    def write(self, key: str, items: list[Item]) -> Write:
        """What it wants of one key. Raises BadRequest when kinds are mixed."""
        return compose(
            key,
            items,
            commit=self.number,
            base=self.delta.base,
            order=self.order,
            person=self.delta.author.kind is AuthorKind.PERSON,
        )

    def groups(self, space: Space, keys: Iterable[str]) -> dict[str, str]:
        """The keys that are decided together with others, with the pattern that says so."""
        if space == "file" or not self.rules.has_groups:
            return {}
        found = ((key, self.rules.group(key)) for key in keys)
        return {key: group for key, group in found if group is not None}

    def fields(self, key: str, write: Write) -> Fields:
        """The rules for the fields that a write of a record names."""
        return self.rules.fields(key, wishes(write)) if write.kind is Kind.RECORD else NO_FIELDS


def merge(tx: Transaction, delta: Delta, rules: Rules) -> Merged:
    """Merge a delta, once: a source that was merged before changes nothing.

    Raises BadRequest for a delta that is not sound; then nothing of it is written.
    """
    return merge_settling(tx, delta, rules, settles={})


def merge_settling(
    tx: Transaction,
    delta: Delta,
    rules: Rules,
    settles: Mapping[Space, Collection[str]],
    *,
    draft: bool = False,
) -> Merged:
    """The same; a person thereby resolves the open conflicts of the keys in `settles`. A `draft`
    changes nothing: all that it wants waits in conflicts."""
    known = already(tx, delta.source)
    if known is not None:
        return known
    newest = head(tx)
    check_delta(delta, newest)
    rows = _rows(delta, rules, settles, store.next_id(tx, "operations"), draft=draft)
    if not rows.entries and not rows.files:
        return Merged(commit=None)
    with savepoint(tx):
        return _merge(tx, delta, rows, adopt(tx, rules), newest + 1)


def _merge(tx: Transaction, delta: Delta, rows: _Rows, rules: Rules, number: int) -> Merged:
    order = place(delta.author, delta.source, delta.base, number)
    commit = _Commit(number=number, delta=delta, order=order, rules=rules, blobs=rows.blobs)
    store.add_commit(tx, number, delta, order, rules.revision)
    tally = Tally()
    _merge_space(tx, commit, "entry", rows.entries, tally)
    _merge_files(tx, commit, rows, tally)
    files.add_blobs(tx, rows.blobs)
    return finish(tx, number, tally.lines(tx), tally.conflicts)


def finish(
    tx: Transaction, number: int, lines: tuple[ReceiptLine, ...], conflicts_met: Collection[int]
) -> Merged:
    """Keep the commit's receipt and return it."""
    met = tuple(sorted(conflicts_met))
    store.add_receipt(tx, number, receipts.dump(lines), met)
    return Merged(commit=number, receipt=lines, conflicts=met)


def already(tx: Transaction, source: str) -> Merged | None:
    """What the source's merge did, if it was merged."""
    row = tx.execute(
        "SELECT number, receipt, conflicts FROM commits WHERE source = ?", (source,)
    ).fetchone()
    if row is None:
        return None
    met = tuple(int(number) for number in row[2].split())
    return Merged(commit=row[0], receipt=receipts.undump(row[1]), conflicts=met, already=True)


def _rows(
    delta: Delta,
    rules: Rules,
    settles: Mapping[Space, Collection[str]],
    next_id: int,
    *,
    draft: bool,
) -> _Rows:
    rows = _Rows(next_id=next_id)
    for operation in delta.operations:
        items = as_items(rules.fitted(operation) if rules.rules else operation, next_id)
        rows.entries.setdefault(operation.key, []).extend(items)
        next_id += len(items)
    for change in delta.files:
        rows.files[change.path] = [files.as_item(change, next_id, rows.blobs)]
        next_id += 1
    marks = [(space, key, SETTLE) for space, keys in settles.items() for key in keys]
    if draft:
        marks += [("entry", key, BLOCKED) for key in rows.entries]
    for space, key, mark in marks:
        of_space = rows.entries if space == "entry" else rows.files
        of_space.setdefault(key, []).append(Item(next_id, mark, None))
        next_id += 1
    return _Rows(entries=rows.entries, files=rows.files, blobs=rows.blobs, next_id=next_id)


def _merge_files(tx: Transaction, commit: _Commit, rows: _Rows, tally: Tally) -> None:
    """Deletes first: only when they are through it is known what is in a new file's way."""
    deletes = {path: items for path, items in rows.files.items() if items[0].op == Op.DELETE}
    _merge_space(tx, commit, "file", deletes, tally)
    others = {path: items for path, items in rows.files.items() if path not in deletes}
    next_id = rows.next_id
    for path, items in others.items():
        if items[0].op == WRITE and files.in_the_way(tx, path):
            items.append(Item(next_id, BLOCKED, None))
            next_id += 1
    _merge_space(tx, commit, "file", others, tally)


def _merge_space(
    tx: Transaction, commit: _Commit, space: Space, rows: Mapping[str, list[Item]], tally: Tally
) -> None:
    """Merge some keys after others, so that a large delta is never in memory as decisions."""
    groups = commit.groups(space, rows)
    for some in _batches(rows, groups):
        _merge_some(tx, commit, space, some, groups, tally)


def _batches(
    rows: Mapping[str, list[Item]], groups: Mapping[str, str]
) -> Iterator[dict[str, list[Item]]]:
    """Keys of one group are decided in one batch."""
    for group in dict.fromkeys(groups.values()):
        yield {key: rows[key] for key in rows if groups.get(key) == group}
    alone = (key for key in rows if key not in groups)
    while some := {key: rows[key] for key in islice(alone, _AT_ONCE)}:
        yield some


def _merge_some(
    tx: Transaction,
    commit: _Commit,
    space: Space,
    rows: Mapping[str, list[Item]],
    groups: Mapping[str, str],
    tally: Tally,
) -> None:
    writes = {key: commit.write(key, items) for key, items in rows.items()}
    known = read_known(tx, space, writes)
    seen = read_seen(tx, known, commit.delta.base)
    contents = files.Blobs(tx, commit.blobs) if space == "file" else NO_CONTENTS
    ruled = space == "entry" and commit.rules.rules
    planned = plan(
        Case(
            key,
            write,
            _facts(known.get(key), contents),
            seen.get(key, NOTHING),
            commit.rules.merging(key) if ruled else Merging.ASK,
            commit.fields(key, write) if ruled else NO_FIELDS,
            groups.get(key),
        )
        for key, write in writes.items()
    )
    entries = {key: one.entry for key, one in known.items()}
    entries |= store.add_entries(tx, space, (key for key in rows if key not in known))
    _write(tx, commit.number, planned, rows, entries)
    who = _who(commit.delta.author)
    numbers = _keep_conflicts(tx, commit.number, planned, known, entries)
    for case, step in planned:
        tally.add(case, step, who, numbers.get(case.key))


def _facts(known: Known | None, contents: Contents) -> Facts:
    if known is None:
        return NO_FACTS
    return known.facts if contents is NO_CONTENTS else known.facts._replace(contents=contents)


def _write(
    tx: Transaction,
    number: int,
    planned: list[tuple[Case, Step]],
    rows: Mapping[str, list[Item]],
    entries: Mapping[str, int],
) -> None:
    store.add_operations(tx, number, ((entries[key], items) for key, items in rows.items()))
    store.add_versions(
        tx,
        number,
        (
            (entries[case.key], step.standing)
            for case, step in planned
            if step.standing != case.facts.standing
        ),
    )
    moved = [
        (entries[case.key], case.write, step)
        for case, step in planned
        if step.adds or step.drops or step.wipes
    ]
    store.move_rows(tx, number, moved)
    for _, step in planned:
        if step.content is not None and step.standing.body is not None:
            files.add_blobs(tx, {hash_of(step.standing.body): step.content})


def _keep_conflicts(
    tx: Transaction,
    at: int,
    planned: list[tuple[Case, Step]],
    known: Mapping[str, Known],
    entries: Mapping[str, int],
) -> dict[str, int | None]:
    """Open, move and close conflicts; returns the numbers of those open now, by key."""
    numbers = {key: one.conflict for key, one in known.items() if one.conflict is not None}
    changes = {
        case.key: _change(at, case, step, entries[case.key], numbers.get(case.key))
        for case, step in planned
        if step.verdict in LOST or case.key in numbers
    }
    kept = conflicts.keep(tx, at, list(changes.values()))
    return numbers | dict(zip(changes, kept, strict=True))


def _change(at: int, case: Case, step: Step, entry: int, number: int | None) -> conflicts.Change:
    waited = case.facts.candidates
    before = [write.commit for write in waited] if waited else []
    after = [write.commit for write in step.candidates]
    # By place, as a merge may make ten thousand: with names they take twice the time.
    return conflicts.Change(
        entry,
        number,
        before,
        after,
        (at,) if step.verdict in LOST and at not in after else (),
        after != before or step.standing != case.facts.standing,
        {} if step.lost is None else {at: conflicts.part(step.lost)},
        case.group if step.verdict is _CANDIDATE else None,
        case.write.settles,
    )


def _who(author: Author) -> str:
    return f"job {author.job}" if author.kind is AuthorKind.JOB else str(author)
