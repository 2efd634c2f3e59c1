"""A channel's jobs: what was asked for, where each stands, how it ended, and words to it."""

import hashlib
from dataclasses import dataclass

from core.jobs.job import JobState, Outcome, Steering
from core.messages import ChannelRef, Person, ThreadRef
from core.model.amounts import Limit
from core.records import codec
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job as it stands. Times are Unix seconds, `cost` is in nanodollars; `message` is the
    inbox id that asked for it.

    `again` is the number of the job whose brief it runs again.
    """

    number: int
    id: str
    thread: ThreadRef
    title: str
    brief: str
    requester: Person
    message: str
    state: JobState
    base_commit: int
    base_message: int
    rules_revision: int
    attempt: int
    budget: Limit
    again: int | None
    stop_by: str | None
    created_at: float
    started_at: float | None
    ended_at: float | None
    step: str
    steps: int
    tokens: int
    cost: int
    version: int
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is known of a job when it is asked for. `derived`: whoever wrote the brief had been
    shown what others than the person asking wrote."""

    id: str
    thread: ThreadRef
    title: str
    brief: str
    requester: Person
    message: str
    rules_revision: int
    budget: Limit
    at: float
    again: int | None = None
    wish: str = ""
    derived: bool = False


_SELECT = (
    "SELECT number, id, thread, title, brief, requester_id, requester, message, state, base_commit,"
    " base_message, rules_revision, attempt, budget_tokens, budget_nanos, again, stop_by,"
    " created_at, started_at, ended_at, step, steps, tokens, cost, version, outcome FROM jobs"
)


def id_for(channel: ChannelRef, *event: str) -> str:
    """The id of the job that an event asks for: the same for ever, and no other event's."""
    named = (channel.platform, channel.workspace, channel.channel, *event)
    return hashlib.sha256("\0".join(named).encode()).hexdigest()[:24]


def promise(tx: Transaction, job: NewJob, state: JobState = JobState.PROMISED) -> int:
    """Give the job a number, or find the one it has; returns the number."""
    known = tx.execute("SELECT number FROM jobs WHERE id = ?", (job.id,)).fetchone()
    if known is not None:
        return int(known[0])
    row = tx.execute(
        "INSERT INTO jobs (id, thread, title, brief, requester_id, requester, message, state,"
        " base_commit, base_message, rules_revision, budget_tokens, budget_nanos, again,"
        " created_at, wish, derived)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?)"
        " RETURNING number",
        (
            job.id, job.thread.thread, job.title, job.brief, job.requester.id, job.requester.name,
            job.message, state.value, job.rules_revision,
            job.budget.tokens, job.budget.nanos, job.again, job.at, job.wish,
            job.derived,
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def is_derived(tx: Transaction, number: int) -> bool:
    """See NewJob."""
    row = tx.execute("SELECT derived FROM jobs WHERE number = ?", (number,)).fetchone()
    return row is not None and bool(row[0])


def queue_promised(tx: Transaction, message: str) -> tuple[int, ...]:
    """The turn has committed: its promised jobs are real now; returns their numbers."""
    rows = tx.execute(
        "UPDATE jobs SET state = 'queued', version = version + 1"
        " WHERE message = ? AND state = 'promised' RETURNING number",
        (message,),
    ).fetchall()
    return tuple(sorted(number for (number,) in rows))


def promised(tx: Transaction, channel: ChannelRef, message: str) -> tuple[JobRow, ...]:
    """What a message has asked for and what is not real yet, in its order."""
    rows = tx.execute(
        _SELECT + " WHERE message = ? AND state = 'promised' ORDER BY number", (message,)
    )
    return tuple(_row(channel, row) for row in rows)


def drop_promised(tx: Transaction, message: str) -> None:
    """Nothing comes of what a message has asked for and what is not real yet."""
    tx.execute(
        "DELETE FROM steering WHERE job IN"
        " (SELECT number FROM jobs WHERE message = ? AND state = 'promised')",
        (message,),
    )
    tx.execute("DELETE FROM jobs WHERE message = ? AND state = 'promised'", (message,))


def mean_use(tx: Transaction) -> tuple[int, int, int]:
    """How many of the newest jobs have used anything, and what each did on average: tokens and
    nanodollars."""
    row = tx.execute(
        "SELECT count(*), coalesce(avg(tokens), 0), coalesce(avg(cost), 0) FROM"
        " (SELECT tokens, cost FROM jobs WHERE state = 'ended' AND tokens > 0"
        " ORDER BY number DESC LIMIT 20)"
    ).fetchone()
    return int(row[0]), round(row[1]), round(row[2])


def count_for(tx: Transaction, message: str) -> int:
    """How many jobs one message has asked for."""
    row = tx.execute("SELECT count(*) FROM jobs WHERE message = ?", (message,)).fetchone()
    return int(row[0])


def start(tx: Transaction, number: int, *, at: float, commit: int, message: int) -> bool:
    """The job gets an attempt; False when it has ended or was asked to stop meanwhile.

    `commit` and `message` are the newest ones: the first attempt's are the job's snapshot for good.
    """
    return (
        tx.execute(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, version = version + 1,"
            " started_at = coalesce(started_at, :at),"
            " base_commit = iif(attempt = 0, :commit, base_commit),"
            " base_message = iif(attempt = 0, :message, base_message)"
            " WHERE number = :number AND state IN ('queued', 'running') AND stop_by IS NULL",
            {"at": at, "commit": commit, "message": message, "number": number},
        ).rowcount
        == 1
    )


def wait(tx: Transaction, number: int, *, steps: int, tokens: int, cost: int) -> bool:
    """The job waits for an answer, without a place; False when it does not run or is to stop."""
    return (
        tx.execute(
            "UPDATE jobs SET state = 'waiting', steps = ?, tokens = ?, cost = ?,"
            " version = version + 1 WHERE number = ? AND state = 'running' AND stop_by IS NULL",
            (steps, tokens, cost, number),
        ).rowcount
        == 1
    )


def go_on(tx: Transaction, number: int) -> bool:
    """The job waits for an answer no more but for a place; False when it did not wait."""
    return (
        tx.execute(
            "UPDATE jobs SET state = 'queued', version = version + 1"
            " WHERE number = ? AND state = 'waiting'",
            (number,),
        ).rowcount
        == 1
    )


def ask_stop(tx: Transaction, number: int, by: str) -> bool:
    """Somebody wants the job stopped; False when it has ended or was asked to before."""
    return (
        tx.execute(
            "UPDATE jobs SET stop_by = ? WHERE number = ? AND state != 'ended' AND stop_by IS NULL",
            (by, number),
        ).rowcount
        == 1
    )


def end(
    tx: Transaction,
    number: int,
    outcome: Outcome,
    *,
    at: float,
    steps: int,
    tokens: int,
    cost: int = 0,
) -> bool:
    """The job has its one outcome; False when it had one before."""
    return (
        tx.execute(
            "UPDATE jobs SET state = 'ended', outcome = ?, ended_at = ?, step = '', steps = ?,"
            " tokens = ?, cost = ?, version = version + 1 WHERE number = ? AND state != 'ended'",
            (codec.outcome.dump_json(outcome).decode(), at, steps, tokens, cost, number),
        ).rowcount
        == 1
    )


def is_open(tx: Transaction, number: int) -> bool:
    """Whether there is such a job that has not ended."""
    row = tx.execute("SELECT 1 FROM jobs WHERE number = ? AND state != 'ended'", (number,))
    return row.fetchone() is not None


def steer(tx: Transaction, number: int, id: str, by: str, text: str, at: float) -> bool:
    """Keep a word to a job; False when the job has ended. The same `id` is kept once."""
    if not is_open(tx, number):
        return False
    tx.execute(
        "INSERT OR IGNORE INTO steering (id, job, by, text, at) VALUES (?, ?, ?, ?, ?)",
        (id, number, by, text, at),
    )
    return True


def steering(tx: Transaction, number: int, after: int) -> tuple[Steering, ...]:
    """The words to a job with `seq` above `after`, in order."""
    rows = tx.execute(
        "SELECT seq, by, text FROM steering WHERE job = ? AND seq > ? ORDER BY seq",
        (number, after),
    )
    return tuple(Steering(seq=seq, by=by, text=text) for seq, by, text in rows)


def read(tx: Transaction, channel: ChannelRef, number: int) -> JobRow | None:
    """One job, or None."""
    row = tx.execute(_SELECT + " WHERE number = ?", (number,)).fetchone()
    return None if row is None else _row(channel, row)


def newest(tx: Transaction, channel: ChannelRef, limit: int) -> tuple[JobRow, ...]:
    """The channel's jobs, newest first; promises are not jobs yet."""
    rows = tx.execute(
        _SELECT + " WHERE state != 'promised' ORDER BY number DESC LIMIT ?",
        (limit,),
    )
    return tuple(_row(channel, row) for row in rows)


def newest_again(tx: Transaction, channel: ChannelRef, number: int) -> JobRow | None:
    """The newest job that runs the brief of job `number` again."""
    row = tx.execute(
        _SELECT + " WHERE again = ? ORDER BY jobs.number DESC LIMIT 1", (number,)
    ).fetchone()
    return None if row is None else _row(channel, row)


def wanted(tx: Transaction, limit: int = -1) -> tuple[tuple[int, str], ...]:
    """Number and requester's id of the jobs that wait or run, oldest first."""
    return tuple(
        tx.execute(
            "SELECT number, requester_id FROM jobs INDEXED BY jobs_open"
            " WHERE state != 'ended' AND state != 'promised'"
            " ORDER BY number LIMIT ?",
            (limit,),
        )
    )


def unstopped(tx: Transaction, thread: ThreadRef) -> tuple[JobRow, ...]:
    """The thread's jobs that wait or run and that nobody has asked to stop, oldest first."""
    rows = tx.execute(
        _SELECT
        + " WHERE state IN ('queued', 'running', 'waiting') AND thread = ? AND stop_by IS NULL"
        " ORDER BY number",
        (thread.thread,),
    )
    return tuple(_row(thread.channel, row) for row in rows)


def ids(tx: Transaction) -> tuple[tuple[int, str], ...]:
    """Number and id of all jobs."""
    return tuple(tx.execute("SELECT number, id FROM jobs ORDER BY number"))


def at_work(tx: Transaction) -> tuple[str, ...]:
    """The ids of the jobs that were started and have not ended: those with a folder to go on in."""
    rows = tx.execute("SELECT id FROM jobs WHERE state != 'ended' AND attempt > 0")
    return tuple(id for (id,) in rows)


def bases(tx: Transaction) -> tuple[int, ...]:
    """The commits that jobs under way began with."""
    rows = tx.execute(
        "SELECT DISTINCT base_commit FROM jobs INDEXED BY jobs_open"
        " WHERE state != 'ended' AND attempt > 0"
    )
    return tuple(base for (base,) in rows)


_OLD_STEERING = (
    "SELECT s.seq FROM steering AS s JOIN jobs AS j ON j.number = s.job"
    " WHERE j.state = 'ended' AND j.ended_at < ? LIMIT ?"
)


def prune_steering(tx: Transaction, before: float, most: int) -> bool:
    """Remove some words to jobs that ended long ago; False when there are no more."""
    gone = tx.execute(
        f"DELETE FROM steering WHERE seq IN ({_OLD_STEERING})",  # noqa: S608 - constants
        (before, most),
    ).rowcount
    return gone == most


def any_old_steering(tx: Transaction, before: float) -> bool:
    """Whether `prune_steering` has something to remove."""
    return tx.execute(_OLD_STEERING, (before, 1)).fetchone() is not None


def _row(channel: ChannelRef, row: tuple) -> JobRow:  # type: ignore[type-arg]  # 26 columns of SQL
    (number, id, thread, title, brief, requester_id, requester, message, state, base_commit,
     base_message, rules_revision, attempt, budget_tokens, budget_nanos, again, stop_by,
     created_at, started_at, ended_at, step, steps, tokens, cost, version,
     outcome) = row  # fmt: skip
    return JobRow(
        number=number,
        id=id,
        thread=ThreadRef(channel=channel, thread=thread),
        title=title,
        brief=brief,
        requester=Person(id=requester_id, name=requester),
        message=message,
        state=JobState(state),
        base_commit=base_commit,
        base_message=base_message,
        rules_revision=rules_revision,
        attempt=attempt,
        budget=Limit(tokens=budget_tokens, nanos=budget_nanos),
        again=again,
        stop_by=stop_by,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        step=step,
        steps=steps,
        tokens=tokens,
        cost=cost,
        version=version,
        outcome=codec.outcome.validate_json(outcome) if outcome else None,
    )
