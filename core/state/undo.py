"""Undoing a commit: its writes are left out and the others of its keys are folded again."""

from collections.abc import Iterator

from core.errors import BadRequest
from core.state import conflicts, files, receipts, store
from core.state.apply import Merged, already, finish
from core.state.database import Transaction
from core.state.facts import (
    Space,
    head,
    live_writes,
    pruned_at,
    read_ground,
    read_write,
    standing_at,
)
from core.state.kept import check_undoable
from core.state.merge import NOTHING, Folded, Standing, fold, recount
from core.state.operations import Author, Delta, Kind, Op
from core.state.receipts import ReceiptLine
from core.state.rules import Merging, adopted
from core.state.savepoint import savepoint
from core.state.write import place

Key = tuple[int, Space, str]


def undo(tx: Transaction, commit: int, author: Author, at: float, source: str) -> Merged:
    """Undo any commit, also an undo; what came after it stays. It is a commit itself.

    Raises BadRequest when there is no such commit, when it is undone already or too old, or when
    a file would come back where a folder is now; then nothing is changed.
    """
    known = already(tx, source)
    if known is not None:
        return known
    row = tx.execute(
        "SELECT about, source, undone_by FROM commits WHERE number = ?", (commit,)
    ).fetchone()
    if row is None:
        raise BadRequest(f"there is no commit {commit}; /history shows those there are")
    about, of, undone_by = row
    check_undoable(tx, commit, of)
    if undone_by is not None:
        raise BadRequest(f"commit {commit} is undone already, by commit {undone_by}")
    base = head(tx)
    number = base + 1
    delta = Delta(
        source=source, author=author, base=base, at=at, about=f"undo of commit {commit}: {about}"
    )
    with savepoint(tx):
        store.add_commit(tx, number, delta, place(author, source, base, number), 0, commit)
        root = _turn(tx, commit, number)
        lines = list(_retract(tx, root, number))
        met = {line.conflict for line in lines if line.conflict is not None}
        return finish(tx, number, receipts.bounded(lines), met)


def _turn(tx: Transaction, commit: int, number: int) -> int:
    """Undo `commit`; if it was an undo itself, what it undid counts again, and so on. Returns
    the commit at the end, whose writes now count or do not."""
    undone: int | None = number
    while True:
        tx.execute("UPDATE commits SET undone_by = ? WHERE number = ?", (undone, commit))
        (undoes,) = tx.execute("SELECT undoes FROM commits WHERE number = ?", (commit,)).fetchone()
        if undoes is None:
            return commit
        commit, undone = undoes, number if undone is None else None


def _retract(tx: Transaction, root: int, number: int) -> Iterator[ReceiptLine]:
    keys: list[Key] = tx.execute(
        "SELECT DISTINCT e.id, e.space, e.key FROM operations AS o"
        " JOIN entries AS e ON e.id = o.entry WHERE o.commit_no = ? ORDER BY e.space, e.key",
        (root,),
    ).fetchall()
    appearing: list[tuple[Key, Standing]] = []
    for key in keys:
        before, after, conflict = _refold(tx, key, root, number)
        yield receipts.folded(key[1], key[2], before, after, conflict)
        if before.kind is None and after.kind is not None:
            appearing.append((key, after))
    for (_, space, path), _ in appearing:
        way = files.in_the_way(tx, path) if space == "file" else set()
        if way:
            raise BadRequest(
                f"{path} cannot come back while {min(way)} is there; remove that first"
            )


def _refold(
    tx: Transaction, key: Key, root: int, number: int
) -> tuple[Standing, Standing, int | None]:
    """Bring one key to where its counting writes leave it; before, after, open conflict."""
    entry = key[0]
    before = standing_at(tx, entry, number)
    after = _shortcut(tx, entry, before, root, number)
    if after is not None:
        store.add_versions(tx, number, [(entry, after)])
        return before, after, None
    folded = fold_key(tx, key)
    if folded.standing != before:
        store.add_versions(tx, number, [(entry, folded.standing)])
    store.keep_lines(tx, entry, number, folded.lines)
    store.keep_stamps(tx, entry, number, folded.stamps)
    moved = folded.standing != before
    conflict = conflicts.replace(
        tx, entry, number, [write.commit for write in folded.candidates], folded.losers, moved=moved
    )
    return before, folded.standing, conflict


def fold_key(tx: Transaction, key: Key) -> Folded:
    """What all writes of a key that count come to."""
    entry, space, name = key
    revisions: dict[int, Merging] = {}

    def merging(revision: int) -> Merging:
        if revision not in revisions:
            revisions[revision] = adopted(tx, revision).merging(name)
        return revisions[revision]

    return fold(
        (
            (
                write,
                standing_at(tx, entry, write.base) if write.base else NOTHING,
                merging(revision) if space == "entry" else Merging.ASK,
            )
            for write, revision in live_writes(tx, entry)
        ),
        read_ground(tx, entry),
    )


def _shortcut(
    tx: Transaction, entry: int, before: Standing, root: int, number: int
) -> Standing | None:
    """Take one write out of a sum or a log, or put it back, without looking at all the others.

    That is the same as folding again only where every write of the key combined: None elsewhere.
    """
    if before.kind not in (Kind.COUNTER, Kind.LOG) or root <= before.born:
        return None
    if tx.execute("SELECT 1 FROM losers WHERE entry = ? LIMIT 1", (entry,)).fetchone():
        return None
    write = read_write(tx, entry, root)
    newest = _newest(tx, entry, Op.ADD if before.kind is Kind.COUNTER else Op.APPEND)
    if not write.combines or write.kind is not before.kind or write.person:
        return None
    (undone_by,) = tx.execute("SELECT undone_by FROM commits WHERE number = ?", (root,)).fetchone()
    back = undone_by is None
    if before.kind is Kind.LOG:
        store.move_lines(tx, entry, write, number, back=back)
    ground = standing_at(tx, entry, pruned_at(tx, entry))
    return recount(before, write, max(newest, before.born, ground.changed), back=back)


def _newest(tx: Transaction, entry: int, op: Op) -> int:
    """The newest commit that counts and did `op` to the key, 0: none.

    With a delete beside it the commit began the key, or came to nothing.
    """
    row = tx.execute(
        "SELECT o.commit_no FROM operations AS o JOIN commits AS c ON c.number = o.commit_no"
        " WHERE o.entry = ? AND o.op = ? AND c.undone_by IS NULL AND NOT EXISTS (SELECT 1 FROM"
        " operations WHERE entry = o.entry AND commit_no = o.commit_no AND op = 'delete')"
        " ORDER BY o.commit_no DESC LIMIT 1",
        (entry, op),
    ).fetchone()
    return 0 if row is None else int(row[0])
