"""What a channel's jobs may do unasked, because somebody said so for good. What is withdrawn is
kept, so that who allowed what stays known."""

from collections.abc import Callable
from dataclasses import dataclass

from core.messages import Person
from core.records.questions import QuestionRow
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One of them. `text` is what was shown, `job` which asked; times are Unix seconds."""

    number: int
    digest: str
    tool: str
    text: str
    job: int
    by: str
    at: float
    withdrawn_by: str | None
    withdrawn_at: float | None


_SELECT = (
    "SELECT number, digest, tool, text, job, by, at, withdrawn_by, withdrawn_at FROM approvals"
)


def put(tx: Transaction, question: QuestionRow, by: Person, at: float) -> int:
    """Allow what the question shows for good; returns its number, that of an equal one if any."""
    assert question.leave is not None
    known = standing(tx, question.leave.digest)
    if known is not None:
        return known.number
    row = tx.execute(
        "INSERT INTO approvals (digest, tool, text, job, by_id, by, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING number",
        (question.leave.digest, question.leave.tool, question.text, question.job, by.id, by.name,
         at),
    ).fetchone()  # fmt: skip
    return int(row[0])


def standing(tx: Transaction, digest: str) -> ApprovalRow | None:
    """The one that allows this and was not withdrawn."""
    found = tx.execute(f"{_SELECT} WHERE digest = ? AND withdrawn_at IS NULL", (digest,))
    return next((_row(row) for row in found), None)


def is_allowed(tx: Transaction, tool: str, text: str) -> bool:
    """Whether this, as it was shown, is allowed and was not withdrawn."""
    found = tx.execute(
        "SELECT 1 FROM approvals WHERE tool = ? AND text = ? AND withdrawn_at IS NULL",
        (tool, text),
    )
    return found.fetchone() is not None


def read(tx: Transaction, number: int) -> ApprovalRow | None:
    """One of them, withdrawn or not."""
    found = tx.execute(f"{_SELECT} WHERE number = ?", (number,))
    return next((_row(row) for row in found), None)


def newest(tx: Transaction, limit: int) -> tuple[ApprovalRow, ...]:
    """Those that hold, the newest first."""
    found = tx.execute(
        f"{_SELECT} WHERE withdrawn_at IS NULL ORDER BY number DESC LIMIT ?", (limit,)
    )
    return tuple(map(_row, found))


def withdraw(tx: Transaction, number: int, by: str, at: float) -> bool:
    """It holds no more; False when it did not."""
    return (
        tx.execute(
            "UPDATE approvals SET withdrawn_by = ?, withdrawn_at = ?"
            " WHERE number = ? AND withdrawn_at IS NULL",
            (by, at, number),
        ).rowcount
        == 1
    )


def forget_quotes(tx: Transaction, quotes: Callable[[str], bool]) -> None:
    """Forget those whose text quotes what is forgotten: jobs ask again."""
    rows = tx.execute("SELECT number, text FROM approvals").fetchall()
    gone = [(number,) for number, text in rows if quotes(text)]
    tx.executemany("DELETE FROM approvals WHERE number = ?", gone)


def forget_person(tx: Transaction, person: str) -> None:
    """Forget what a person allowed, and what was allowed to jobs that they asked for."""
    tx.execute(
        "DELETE FROM approvals WHERE by_id = ?1"
        " OR job IN (SELECT number FROM jobs WHERE requester_id = ?1)",
        (person,),
    )


def _row(row: tuple) -> ApprovalRow:  # type: ignore[type-arg]  # 9 columns of SQL
    number, digest, tool, text, job, by, at, withdrawn_by, withdrawn_at = row
    return ApprovalRow(
        number=number,
        digest=digest,
        tool=tool,
        text=text,
        job=job,
        by=by,
        at=at,
        withdrawn_by=withdrawn_by,
        withdrawn_at=withdrawn_at,
    )
