"""Messages that asked for more jobs than start without a word: one row each. Its jobs stay promised
until somebody agrees."""

from dataclasses import dataclass
from enum import StrEnum

from core.state.database import Transaction


class PlanState(StrEnum):
    """WAITING -> STARTED, or WAITING -> DROPPED by a person or because time was up."""

    WAITING = "waiting"
    STARTED = "started"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """`message` is the inbox id that asked for the jobs, `person` whose it is (an id)."""

    number: int
    message: str
    person: str
    expires_at: float
    state: PlanState


_SELECT = "SELECT number, message, person, expires_at, state FROM plans"


def put(tx: Transaction, message: str, person: str, expires_at: float) -> None:
    """The message's jobs are to wait for a word; the same message is kept once."""
    tx.execute(
        "INSERT OR IGNORE INTO plans (message, person, expires_at, state)"
        " VALUES (?, ?, ?, 'waiting')",
        (message, person, expires_at),
    )


def about(tx: Transaction, message: str) -> PlanRow | None:
    """What a message asked for, if that is to wait."""
    return _row(tx.execute(f"{_SELECT} WHERE message = ?", (message,)).fetchone())


def read(tx: Transaction, number: int) -> PlanRow | None:
    """One plan, or None."""
    return _row(tx.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone())


def remove(tx: Transaction, message: str) -> None:
    """What the message asked for is never put to anybody, if it was not yet."""
    tx.execute("DELETE FROM plans WHERE message = ? AND state = 'waiting'", (message,))


def decide(tx: Transaction, number: int, state: PlanState) -> bool:
    """It waits no more; False when it did not wait."""
    return (
        tx.execute(
            "UPDATE plans SET state = ? WHERE number = ? AND state = 'waiting'",
            (state.value, number),
        ).rowcount
        == 1
    )


def _row(row: tuple | None) -> PlanRow | None:  # type: ignore[type-arg]  # 5 columns of SQL
    if row is None:
        return None
    number, message, person, expires_at, state = row
    return PlanRow(
        number=number,
        message=message,
        person=person,
        expires_at=expires_at,
        state=PlanState(state),
    )
