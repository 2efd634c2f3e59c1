"""What jobs have asked people and what was answered: one row a question, while its job lasts."""

import json
from dataclasses import dataclass

from core.jobs.job import Asked
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """One question of a job; `number` counts from 1 in each job. Times are Unix seconds.

    It is open until `ended_at` is set. From then on `answer` is what `by` said; None: nobody did.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A job that waits for an answer, its requester's id, and until when (Unix seconds)."""

    job: int
    person: str
    until: float


_SELECT = "SELECT job, number, call, text, choices, expires_at, answer, by, ended_at FROM questions"


def put(tx: Transaction, job: int, asked: Asked, expires_at: float) -> QuestionRow:
    """Keep a question; the same call's is kept once."""
    tx.execute(
        "INSERT INTO questions (job, number, call, text, choices, expires_at)"
        " SELECT ?1, (SELECT count(*) + 1 FROM questions WHERE job = ?1), ?2, ?3, ?4, ?5"
        " WHERE NOT EXISTS (SELECT 1 FROM questions WHERE job = ?1 AND call = ?2)",
        (job, asked.call, asked.text, json.dumps(asked.choices), expires_at),
    )
    return _row(tx.execute(f"{_SELECT} WHERE job = ? AND call = ?", (job, asked.call)).fetchone())


def of(tx: Transaction, job: int) -> tuple[QuestionRow, ...]:
    """A job's questions, in their order."""
    rows = tx.execute(f"{_SELECT} WHERE job = ? ORDER BY number", (job,))
    return tuple(_row(row) for row in rows)


def end(tx: Transaction, job: int, number: int, *, answer: str | None, by: str, at: float) -> bool:
    """Somebody has answered, or with None time was up; False when it was not open."""
    return (
        tx.execute(
            "UPDATE questions SET answer = ?, by = ?, ended_at = ?"
            " WHERE job = ? AND number = ? AND ended_at IS NULL",
            (answer, by, at, job, number),
        ).rowcount
        == 1
    )


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


def _row(row: tuple) -> QuestionRow:  # type: ignore[type-arg]  # 9 columns of SQL
    job, number, call, text, choices, expires_at, answer, by, ended_at = row
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
    )
