"""The undo of a text that others built on: a write of its own, merged by lines. Refolds nothing."""

from core.state import conflicts, files, store
from core.state.by_lines import hash_of
from core.state.database import Transaction
from core.state.facts import read_candidates, standing_at
from core.state.folding import Key
from core.state.merge import LOST, Facts, Merging, Standing, step
from core.state.operations import Kind, Op
from core.state.write import REVERT, WRITE, Item, compose

_BACK = {
    Kind.TEXT: Op.TEXT.value,
    Kind.VALUE: Op.PUT.value,
    Kind.FILE: WRITE,
    None: Op.DELETE.value,
}


def revert(
    tx: Transaction, key: Key, before: Standing, undone: int, number: int
) -> tuple[Standing, int | None] | None:
    """Merge what was before the commit `undone` into what stands, based on what was after it:
    what overlaps with later changes waits in a conflict, and the text stays whole.

    Returns what stands then and the open conflict; None where that commit left no trace in the
    key, or what was before it cannot be written at once.
    """
    entry = key[0]
    was, then = standing_at(tx, entry, undone - 1), standing_at(tx, entry, undone)
    if (was.kind, was.body) == (then.kind, then.body) or was.kind not in _BACK:
        return None
    first = store.next_id(tx, "operations")
    items = [Item(first, _BACK[was.kind], was.body), Item(first + 1, REVERT, str(undone))]
    row = tx.execute(
        "SELECT order_base, order_rank FROM commits WHERE number = ?", (number,)
    ).fetchone()
    write = compose(key[2], items, commit=number, base=undone, order=(row[0], row[1]), person=False)
    candidates = read_candidates(tx, {entry: write}).get(entry, ())
    done = step(Facts(before, candidates, contents=files.Blobs(tx)), write, then, Merging.ASK)
    store.add_operations(tx, number, [(entry, items)])
    if done.standing != before:
        store.add_versions(tx, number, [(entry, done.standing)])
    if done.content is not None and done.standing.body is not None:
        files.add_blobs(tx, {hash_of(done.standing.body): done.content})
    row = tx.execute(
        "SELECT number FROM conflicts WHERE entry = ? AND closed IS NULL", (entry,)
    ).fetchone()
    after = [one.commit for one in done.candidates]
    change = conflicts.Change(
        entry=entry,
        number=None if row is None else row[0],
        before=[one.commit for one in candidates],
        after=after,
        losers=(number,) if done.verdict in LOST and number not in after else (),
        parts={number: None},
    )
    if row is None and not after and not change.losers:
        return done.standing, None
    (open_,) = conflicts.keep(tx, number, [change])
    return done.standing, open_
