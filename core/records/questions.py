"""What jobs have asked people and what was answered: one row a question, while its job lasts."""

import json
from dataclasses import dataclass
from enum import StrEnum

from core.jobs.job import Asked, Leave
from core.state.database import Transaction


class Decision(StrEnum):
    """What was said to a job that wants to do something: for this call, for all such calls of the
    job, for all such calls in the channel, or not."""

    ONCE = "once"
    JOB = "job"
    ALWAYS = "always"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """One question of a job; `number` counts from 1 in each job. Times are Unix seconds.

    It is open until `ended_at` is set. From then on `answer` is what `by` said; None: nobody did.
    With `leave` it is what the job wants to do, and `decision` what was decided.
    """

    job: int
    number: int
    call: str
    text: str
    choices: tuple[str, ...]
    expires_at: float
    answer: str | None
    by: str
    ended_at: float | None
    leave: Leave | None
    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A job that waits for an answer, its requester's id, and until when (Unix seconds)."""

    job: int
    person: str
    until: float


_SELECT = (
    "SELECT job, number, call, text, choices, expires_at, answer, by, ended_at, digest, tool,"
    " reason, decision FROM questions"
)


def put(tx: Transaction, job: int, asked: Asked, expires_at: float) -> QuestionRow:
    """Keep a question; the same call's is kept once, and of leave for each state of the files."""
    leave = asked.leave or Leave(tool="", digest="", reason="")
    tx.execute(
        "INSERT INTO questions (job, number, call, text, choices, expires_at, digest, tool, reason)"
        " SELECT ?1, (SELECT count(*) + 1 FROM questions WHERE job = ?1), ?2, ?3, ?4, ?5, ?6, ?7,"
        " ?8 WHERE NOT EXISTS"
        " (SELECT 1 FROM questions WHERE job = ?1 AND call = ?2 AND digest = ?6)",
        (job, asked.call, asked.text, json.dumps(asked.choices), expires_at, leave.digest,
         leave.tool, leave.reason),
    )  # fmt: skip
    found = tx.execute(
        f"{_SELECT} WHERE job = ? AND call = ? AND digest = ?", (job, asked.call, leave.digest)
    )
    return _row(found.fetchone())


def of(tx: Transaction, job: int) -> tuple[QuestionRow, ...]:
    """A job's questions, in their order."""
    rows = tx.execute(f"{_SELECT} WHERE job = ? ORDER BY number", (job,))
    return tuple(_row(row) for row in rows)


def end(
    tx: Transaction,
    job: int,
    number: int,
    *,
    answer: str | None,
    by: str,
    at: float,
    decision: Decision | None = None,
) -> bool:
    """Somebody has answered, or with None time was up; False when it was not open."""
    return (
        tx.execute(
            "UPDATE questions SET answer = ?, by = ?, ended_at = ?, decision = ?"
            " WHERE job = ? AND number = ? AND ended_at IS NULL",
            (answer, by, at, decision, job, number),
        ).rowcount
        == 1
    )


def is_allowed(tx: Transaction, job: int, tool: str, text: str) -> bool:
    """Whether the job may do this by this tool, as it was shown, by what somebody decided."""
    found = tx.execute(
        "SELECT 1 FROM questions WHERE job = ? AND tool = ? AND text = ?"
        " AND decision IN ('once', 'job', 'always')",
        (job, tool, text),
    )
    return found.fetchone() is not None


def remove(tx: Transaction, job: int) -> None:
    """The job has ended: nothing of its questions is needed any more."""
    tx.execute("DELETE FROM questions WHERE job = ?", (job,))


def waiting(tx: Transaction) -> tuple[Waits, ...]:
    """The jobs that wait for an answer, oldest first."""
    rows = tx.execute(
        "SELECT j.number, j.requester_id, q.expires_at FROM jobs AS j INDEXED BY jobs_open"
        " JOIN questions AS q ON q.job = j.number AND q.ended_at IS NULL"
        " WHERE j.state != 'ended' AND j.state = 'waiting' ORDER BY j.number"
    )
    return tuple(Waits(job=job, person=person, until=until) for job, person, until in rows)


def _row(row: tuple) -> QuestionRow:  # type: ignore[type-arg]  # 13 columns of SQL
    job, number, call, text, choices, expires_at, answer, by, ended_at, *leave, decision = row
    digest, tool, reason = leave
    return QuestionRow(
        job=job,
        number=number,
        call=call,
        text=text,
        choices=tuple(json.loads(choices)),
        expires_at=expires_at,
        answer=answer,
        by=by,
        ended_at=ended_at,
        leave=Leave(tool=tool, digest=digest, reason=reason) if digest else None,
        decision=Decision(decision) if decision else None,
    )
