"""What people want forgotten: asked for, confirmed, under way, done. Removes nothing itself."""

from dataclasses import dataclass
from enum import StrEnum

from core.state.database import Transaction


class What(StrEnum):
    """What can be forgotten."""

    PERSON = "person"
    KEY = "key"
    CHANNEL = "channel"


class Stage(StrEnum):
    """How far it is. From GOING on it is taken up again at a start; WIPING: only the file's free
    pages still have it."""

    ASKED = "asked"
    GOING = "going"
    WIPING = "wiping"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """One wish. `name` is a person's id, or a key, which a `*` at the end makes a beginning.

    `shown` is what was said would go, `upto` the newest message then, `by` who asked, by name,
    `traces` what to look for while it is under way.
    """

    number: int
    thread: str
    what: What
    name: str
    shown: str
    upto: int
    by: str
    stage: Stage
    traces: str


_SELECT = "SELECT number, thread, what, name, shown, upto, by, state, traces FROM forgettings"


def ask(
    tx: Transaction, *, thread: str, what: What, name: str, shown: str, upto: int, by: str
) -> int:
    """Keep what was asked for and shown; returns its number."""
    row = tx.execute(
        "INSERT INTO forgettings (thread, what, name, shown, upto, by, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'asked') RETURNING number",
        (thread, what.value, name, shown, upto, by),
    ).fetchone()
    return int(row[0])


def read(tx: Transaction, number: int) -> Forgetting | None:
    """One of them."""
    row = tx.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
    return None if row is None else _forgetting(row)


def under_way(tx: Transaction) -> tuple[Forgetting, ...]:
    """Those that were confirmed and are not done."""
    rows = tx.execute(f"{_SELECT} WHERE state IN ('going', 'wiping') ORDER BY number")
    return tuple(_forgetting(row) for row in rows)


def confirm(tx: Transaction, number: int, by: str, traces: str) -> None:
    """It is to be done: from now on it is."""
    tx.execute(
        "UPDATE forgettings SET state = 'going', by = ?, traces = ? WHERE number = ?",
        (by, traces, number),
    )


def removed(tx: Transaction, number: int) -> None:
    """Nothing that can be read tells of it any more."""
    tx.execute("UPDATE forgettings SET state = 'wiping', traces = '' WHERE number = ?", (number,))


def done(tx: Transaction, number: int) -> None:
    """It is forgotten."""
    tx.execute("UPDATE forgettings SET state = 'done' WHERE number = ?", (number,))


def _forgetting(row: tuple) -> Forgetting:  # type: ignore[type-arg]  # nine columns of SQL
    number, thread, what, name, shown, upto, by, state, traces = row
    return Forgetting(
        number=number,
        thread=thread,
        what=What(what),
        name=name,
        shown=shown,
        upto=upto,
        by=by,
        stage=Stage(state),
        traces=traces,
    )
