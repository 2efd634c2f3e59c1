"""Undoing a commit: its writes are left out and the others of its keys are folded again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from core.errors import BadRequest
from core.state import conflicts, files, receipts, store
from core.state.apply import Merged, already, finish
from core.state.database import Transaction
from core.state.facts import head, pruned_at, read_write, standing_at
from core.state.fold import Folded, recount
from core.state.folding import Key, fold_keys, grouping, together
from core.state.kept import check_undoable
from core.state.operations import Author, Delta, Kind, Op
from core.state.receipts import ReceiptLine
from core.state.reverting import revert
from core.state.savepoint import savepoint
from core.state.standing import Standing
from core.state.write import Write, place


def undo(tx: Transaction, commit: int, author: Author, at: float, source: str) -> Merged:
    """Undo any commit, also an undo; what came after it stays. It is a commit itself.

    Raises BadRequest when there is no such commit, when it is undone already or too old, or when
    a file would come back where a folder is now; then nothing is changed.
    """
    known = already(tx, source)
    if known is not None:
        return known
    row = tx.execute("SELECT source, undone_by FROM commits WHERE number = ?", (commit,)).fetchone()
    if row is None:
        raise BadRequest(f"there is no commit {commit}; /history shows those there are")
    of, undone_by = row
    check_undoable(tx, commit, of)
    if undone_by is not None:
        raise BadRequest(f"commit {commit} is undone already, by commit {undone_by}")
    base = head(tx)
    number = base + 1
    about = f"undo of commit {commit}: {_origin(tx, commit)}"
    delta = Delta(source=source, author=author, base=base, at=at, about=about)
    with savepoint(tx):
        store.add_commit(tx, number, delta, place(author, source, base, number), 0, commit)
        lines = list(_retract(tx, _turn(tx, commit, number)))
        met = {line.conflict for line in lines if line.conflict is not None}
        return finish(tx, number, receipts.bounded(lines), met)


def _origin(tx: Transaction, commit: int) -> str:
    """What the commit was about; of an undo, what it undid, however many undos lie between."""
    row = tx.execute(
        "WITH RECURSIVE origin (undoes, about) AS ("
        " SELECT undoes, about FROM commits WHERE number = ? UNION ALL"
        " SELECT c.undoes, c.about FROM commits AS c JOIN origin ON c.number = origin.undoes)"
        " SELECT about FROM origin WHERE undoes IS NULL",
        (commit,),
    ).fetchone()
    return "" if row is None else str(row[0])


class _Turn(NamedTuple):
    """The undo `number` of `commit`. `root` is what that undid, however many undos lie between, or
    the commit itself; `flips`: its writes counted and do not now, or the other way round."""

    number: int
    commit: int
    root: int
    flips: bool


def _turn(tx: Transaction, commit: int, number: int) -> _Turn:
    """Undo `commit`; if it was an undo itself, what it undid counts again unless another counting
    undo undoes it too, and so on."""
    tx.execute("UPDATE commits SET undone_by = ? WHERE number = ?", (number, commit))
    at, flips = commit, True
    while True:
        (undoes,) = tx.execute("SELECT undoes FROM commits WHERE number = ?", (at,)).fetchone()
        if undoes is None:
            return _Turn(number, commit, at, flips)
        at = undoes
        counted = _counts(tx, at)
        tx.execute(
            "UPDATE commits SET undone_by ="
            " (SELECT max(number) FROM commits WHERE undoes = ?1 AND undone_by IS NULL)"
            " WHERE number = ?1",
            (at,),
        )
        flips = counted != _counts(tx, at)


def _counts(tx: Transaction, commit: int) -> bool:
    row = tx.execute("SELECT undone_by FROM commits WHERE number = ?", (commit,)).fetchone()
    return row[0] is None


def _retract(tx: Transaction, turn: _Turn) -> Iterator[ReceiptLine]:
    keys: list[Key] = tx.execute(
        "SELECT DISTINCT e.id, e.space, e.key FROM operations AS o"
        " JOIN entries AS e ON e.id = o.entry WHERE o.commit_no = ? ORDER BY e.space, e.key",
        (turn.root,),
    ).fetchall()
    appearing: list[str] = []
    touched, done = set(keys), set[Key]()
    groups = grouping(tx)
    for key in keys:
        if key in done:
            continue
        beside = together(tx, key, groups)
        for one, before, after, conflict in _refold(tx, key, beside, turn):
            done.add(one)
            if one in touched or before != after:
                yield receipts.folded(one[2], before, after, conflict)
            if one[1] == "file" and before.kind is None and after.kind is not None:
                appearing.append(one[2])
    for path in appearing:
        way = files.in_the_way(tx, path)
        if way:
            raise BadRequest(
                f"{path} cannot come back while {min(way)} is there; remove that first"
            )


def _refold(
    tx: Transaction, key: Key, keys: Sequence[Key], turn: _Turn
) -> Iterator[tuple[Key, Standing, Standing, int | None]]:
    """Bring a key, and all `keys` that are decided together with it, to where their counting
    writes leave them: each before, after, and its open conflict."""
    before = {one: standing_at(tx, one[0], turn.number) for one in keys}
    if len(keys) == 1 and turn.flips:
        after = _shortcut(tx, key[0], before[key], turn)
        if after is not None:
            store.add_versions(tx, turn.number, [(key[0], after)])
            yield key, before[key], after, None
            return
    built = _built_on(tx, key, turn.commit) if len(keys) == 1 else None
    folded = fold_keys(tx, keys, built)
    if built is not None and any(built(write) for write in folded[key[2]].losers.values()):
        reverted = revert(tx, key, before[key], turn.commit, turn.number)
        if reverted is not None:
            yield key, before[key], *reverted
            return
        folded = fold_keys(tx, keys)
    numbers = _write(tx, turn.number, before, folded)
    for one, conflict in zip(keys, numbers, strict=True):
        yield one, before[one], folded[one[2]].standing, conflict


def _write(
    tx: Transaction, number: int, before: Mapping[Key, Standing], folded: Mapping[str, Folded]
) -> list[int | None]:
    """Keep what the keys came to; returns their open conflicts."""
    anew: list[conflicts.Anew] = []
    for (entry, _, name), was in before.items():
        one = folded[name]
        moved = one.standing != was
        if moved:
            store.add_versions(tx, number, [(entry, one.standing)])
        files.add_blobs(tx, one.contents)
        # Of ten thousand keys most are neither.
        kinds = (was.kind, one.standing.kind)
        if Kind.LOG in kinds:
            store.keep_lines(tx, entry, number, one.lines)
        if Kind.SET in kinds:
            store.keep_stamps(tx, entry, number, one.stamps)
        anew.append(conflicts.Anew(entry, one.candidates, one.losers, one.joined, moved))
    return conflicts.replace(tx, number, anew)


def _built_on(tx: Transaction, key: Key, undone: int) -> Callable[[Write], bool]:
    """Whether a write is of a text that stood until now and knew what is undone. If it would be
    lost, since it edits that, there is no need to know what else would."""
    lost = "SELECT 1 FROM losers WHERE entry = ? AND commit_no = ?"

    def built(write: Write) -> bool:
        if write.kind not in (Kind.TEXT, Kind.FILE) or write.base < undone:
            return False
        return tx.execute(lost, (key[0], write.commit)).fetchone() is None

    return built


def _shortcut(tx: Transaction, entry: int, before: Standing, turn: _Turn) -> Standing | None:
    """Take one write out of a sum or a log, or put it back, without looking at all the others.

    That is the same as folding again only where every write of the key combined: None elsewhere.
    """
    if before.kind not in (Kind.COUNTER, Kind.LOG) or turn.root <= before.born:
        return None
    if tx.execute("SELECT 1 FROM losers WHERE entry = ? LIMIT 1", (entry,)).fetchone():
        return None
    write = read_write(tx, entry, turn.root)
    newest = _newest(tx, entry, Op.ADD if before.kind is Kind.COUNTER else Op.APPEND)
    if not write.combines or write.kind is not before.kind or write.person:
        return None
    back = _counts(tx, turn.root)
    if before.kind is Kind.LOG:
        store.move_lines(tx, entry, write, turn.number, back=back)
    ground = standing_at(tx, entry, pruned_at(tx, entry))
    return recount(before, write, max(newest, before.born, ground.changed), back=back)


# From commit to commit: one alone may have written ten thousand lines of a log.
_OF_COMMIT = "SELECT 1 FROM operations WHERE entry = ?1 AND commit_no = past.number AND op"
_NEWEST = (
    "WITH RECURSIVE past (number) AS (SELECT max(commit_no) FROM operations WHERE entry = ?1"  # noqa: S608 - constants
    " UNION ALL SELECT (SELECT max(commit_no) FROM operations WHERE entry = ?1"
    " AND commit_no < past.number) FROM past WHERE past.number IS NOT NULL)"
    " SELECT past.number FROM past CROSS JOIN commits AS c ON c.number = past.number"
    f" WHERE c.undone_by IS NULL AND EXISTS ({_OF_COMMIT} = ?2)"
    f" AND NOT EXISTS ({_OF_COMMIT} = 'delete') LIMIT 1"
)


def _newest(tx: Transaction, entry: int, op: Op) -> int:
    """The newest commit that counts and did `op` to the key, 0: none.

    With a delete beside it the commit began the key, or came to nothing.
    """
    row = tx.execute(_NEWEST, (entry, op)).fetchone()
    return 0 if row is None else int(row[0])
