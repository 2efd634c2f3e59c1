"""Writing commits, operations, versions, lines and stamps. Decides nothing, reads little."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from core.state.database import Transaction
from core.state.facts import Space
from core.state.operations import Delta, Kind
from core.state.standing import Standing, Step
from core.state.write import Item, Write

# SQLite looks for an adapter, at length, for each string that is a member of an enumeration.
_NAMES: dict[Kind | None, str | None] = {None: None} | {kind: kind.value for kind in Kind}
# An entry and what its key has just become.
Moved = tuple[int, Write, Step]


def add_commit(
    tx: Transaction,
    number: int,
    delta: Delta,
    order: tuple[int, int],
    rules: int,
    undoes: int | None = None,
) -> None:
    """Add a commit; its receipt is still empty."""
    author = delta.author
    tx.execute(
        "INSERT INTO commits (number, source, author_kind, author_id, author, job, base,"
        " order_base, order_rank, rules, about, at, receipt, conflicts, undoes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '', ?)",
        (
            number, delta.source, author.kind, author.person_id, author.name, author.job,
            delta.base, *order, rules, delta.about, delta.at, undoes,
        ),
    )  # fmt: skip


def add_receipt(tx: Transaction, number: int, receipt: str, conflicts: tuple[int, ...]) -> None:
    """Keep what is told of a commit, and the conflicts that it met."""
    tx.execute(
        "UPDATE commits SET receipt = ?, conflicts = ? WHERE number = ?",
        (receipt, " ".join(map(str, conflicts)), number),
    )


def add_entries(tx: Transaction, space: Space, keys: Iterable[str]) -> dict[str, int]:
    """Give keys that were never written an entry."""
    first = next_id(tx, "entries")
    made = {key: first + n for n, key in enumerate(keys)}
    tx.executemany(
        "INSERT INTO entries (id, space, key) VALUES (?, ?, ?)",
        ((entry, space, key) for key, entry in made.items()),
    )
    return made


def next_id(tx: Transaction, table: str) -> int:
    """The id that the table's next row will have."""
    row = tx.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608 - constants
    return (row[0] or 0) + 1


def add_operations(
    tx: Transaction, commit: int, wanted: Iterable[tuple[int, Sequence[Item]]]
) -> None:
    """Record what a commit wanted of each entry."""
    tx.executemany(
        "INSERT INTO operations (id, commit_no, entry, op, argument) VALUES (?, ?, ?, ?, ?)",
        ((item.id, commit, entry, item.op, item.text) for entry, items in wanted for item in items),
    )


def add_versions(tx: Transaction, commit: int, standings: Iterable[tuple[int, Standing]]) -> None:
    """Add the version that each entry has from this commit on."""
    tx.executemany(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                entry, commit, _NAMES[now.kind], now.body, now.changed, now.born, now.cleared,
                now.person, *now.order, now.saw,
            )
            for entry, now in standings
        ),
    )  # fmt: skip


def move_rows(tx: Transaction, commit: int, moved: Sequence[Moved]) -> None:
    """Bring lines and stamps of the moved keys to where their steps leave them."""
    for entry, _, step in moved:
        if step.wipes:
            end_all(tx, entry, commit)
    tx.executemany(
        "UPDATE stamps SET removed = ?"
        " WHERE entry = ? AND element = ? AND operation = ? AND removed IS NULL",
        ((commit, entry, *drop) for entry, _, step in moved for drop in step.drops),
    )
    tx.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, NULL)", _lines(commit, moved))
    tx.executemany("INSERT INTO stamps VALUES (?, ?, ?, ?, ?, NULL)", _stamps(commit, moved))


def _lines(commit: int, moved: Sequence[Moved]) -> Iterator[tuple[int, ...]]:
    for entry, write, step in moved:
        if write.kind == "log":
            yield from ((entry, *write.order, operation, commit) for operation in step.adds)


def _stamps(commit: int, moved: Sequence[Moved]) -> Iterator[tuple[int | str | None, ...]]:
    for entry, write, step in moved:
        if write.kind == "set" and step.adds:
            adds = set(step.adds)
            for item in write.items:
                if item.id in adds:
                    yield entry, item.text, item.id, commit, commit


def move_lines(tx: Transaction, entry: int, write: Write, commit: int, *, back: bool) -> None:
    """Take the lines of one write out of a log, or put them back."""
    if back:
        _add_lines(tx, commit, [item.id for item in write.items])
        return
    tx.execute(
        "UPDATE lines SET removed = ? WHERE entry = ? AND order_base = ? AND order_rank = ?"
        " AND operation BETWEEN ? AND ? AND removed IS NULL",
        (commit, entry, *write.order, write.items[0].id, write.items[-1].id),
    )


def keep_lines(tx: Transaction, entry: int, commit: int, wanted: Collection[int]) -> None:
    """Make `wanted` (operations) the living lines of a log."""
    rows = tx.execute("SELECT operation FROM lines WHERE entry = ? AND removed IS NULL", (entry,))
    alive = {operation for (operation,) in rows}
    tx.executemany(
        "UPDATE lines SET removed = ? WHERE (entry, order_base, order_rank, operation) ="
        " (SELECT o.entry, c.order_base, c.order_rank, o.id FROM operations AS o"
        " JOIN commits AS c ON c.number = o.commit_no WHERE o.id = ?) AND removed IS NULL",
        ((commit, operation) for operation in alive.difference(wanted)),
    )
    _add_lines(tx, commit, sorted(set(wanted) - alive))


def _add_lines(tx: Transaction, commit: int, operations: Iterable[int]) -> None:
    tx.executemany(
        "INSERT INTO lines SELECT o.entry, c.order_base, c.order_rank, o.id, ?, NULL"
        " FROM operations AS o JOIN commits AS c ON c.number = o.commit_no WHERE o.id = ?",
        ((commit, operation) for operation in operations),
    )


def keep_stamps(tx: Transaction, entry: int, commit: int, wanted: Mapping[int, str]) -> None:
    """Make `wanted` (operation -> element) the living stamps of a set."""
    rows = tx.execute(
        "SELECT operation, element FROM stamps WHERE entry = ? AND removed IS NULL", (entry,)
    )
    alive: dict[int, str] = dict(rows.fetchall())
    tx.executemany(
        "UPDATE stamps SET removed = ?"
        " WHERE entry = ? AND element = ? AND operation = ? AND removed IS NULL",
        (
            (commit, entry, element, operation)
            for operation, element in alive.items()
            if operation not in wanted
        ),
    )
    tx.executemany(
        "INSERT INTO stamps SELECT entry, argument, id, commit_no, ?, NULL"
        " FROM operations WHERE id = ?",
        ((commit, operation) for operation in wanted if operation not in alive),
    )


def end_all(tx: Transaction, entry: int, commit: int) -> None:
    """End all lines and stamps of an entry."""
    for table in ("lines", "stamps"):
        query = f"UPDATE {table} SET removed = ? WHERE entry = ? AND removed IS NULL"  # noqa: S608
        tx.execute(query, (commit, entry))
