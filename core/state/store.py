"""Writing commits, operations, versions, lines and stamps. Decides nothing, reads little."""

from collections.abc import Iterable, Iterator, Sequence

from core.state.database import Transaction
from core.state.facts import Space
from core.state.merge import Standing, Step
from core.state.operations import Delta
from core.state.write import Item, Write

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
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                entry, commit, now.kind, now.body, now.changed, now.born, now.cleared, now.person,
                *now.order,
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


def end_all(tx: Transaction, entry: int, commit: int) -> None:
    """End all lines and stamps of an entry."""
    for table in ("lines", "stamps"):
        query = f"UPDATE {table} SET removed = ? WHERE entry = ? AND removed IS NULL"  # noqa: S608
        tx.execute(query, (commit, entry))
