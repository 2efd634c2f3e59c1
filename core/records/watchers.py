"""Who asked for what a job did already, and is told of its end: a row for each, while it lasts."""

from dataclasses import dataclass

from core.jobs.job import JobState
from core.messages import ChannelRef, Message, Person, ThreadRef
from core.records import jobs
from core.records.inbox import inbox_id
from core.records.jobs import JobRow
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody who is told in `thread`, below the message `reply_to` of theirs."""

    person: Person
    thread: ThreadRef
    reply_to: str


def equal(
    tx: Transaction, channel: ChannelRef, wish: str, message: str, head: int
) -> JobRow | None:
    """A job that asks for the same on the same ground, and that nobody has stopped or steered.

    The message's own promises count; of others those that have not begun, or began at commit
    `head`.
    """
    found = tx.execute(
        "SELECT number FROM jobs WHERE wish = ? AND state != 'ended' AND stop_by IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM steering WHERE steering.job = jobs.number)"
        " ORDER BY number",
        (wish,),
    )
    rows = (jobs.read(tx, channel, number) for (number,) in found.fetchall())
    return next((row for row in rows if row and _fits(row, message, head)), None)


def _fits(row: JobRow, message: str, head: int) -> bool:
    if row.state is JobState.PROMISED:
        return row.message == message
    return row.attempt == 0 or row.base_commit == head


def add(tx: Transaction, job: int, message: Message) -> None:
    """The author of the message is told of the job's end, once, where they first asked."""
    tx.execute(
        "INSERT INTO watchers (job, person_id, person, thread, message, reply_to)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job, person_id) DO UPDATE"
        " SET left = 0, thread = excluded.thread, message = excluded.message,"
        " reply_to = excluded.reply_to WHERE left",
        (job, message.author.id, message.author.name, message.thread.thread, inbox_id(message),
         message.id),
    )  # fmt: skip


def leave(tx: Transaction, job: int, person: Person) -> None:
    """The person wants to hear no more of the job."""
    tx.execute(
        "INSERT INTO watchers (job, person_id, person, thread, message, reply_to, left)"
        " VALUES (?, ?, ?, '', '', '', 1) ON CONFLICT (job, person_id) DO UPDATE SET left = 1",
        (job, person.id, person.name),
    )


def come_back(tx: Transaction, job: int, person: str) -> None:
    """Who asked for the job first wants it again."""
    tx.execute("DELETE FROM watchers WHERE job = ? AND person_id = ? AND left", (job, person))


def has_left(tx: Transaction, job: int, person: str) -> bool:
    """Whether the person was in it and wants to hear no more."""
    row = tx.execute(
        "SELECT 1 FROM watchers WHERE job = ? AND person_id = ? AND left", (job, person)
    )
    return row.fetchone() is not None


def of(tx: Transaction, channel: ChannelRef, job: int) -> tuple[Watcher, ...]:
    """Those of a job who have not left."""
    rows = tx.execute(
        "SELECT person_id, person, thread, reply_to FROM watchers WHERE job = ? AND NOT left"
        " ORDER BY person_id",
        (job,),
    )
    return tuple(
        Watcher(
            person=Person(id=id, name=name),
            thread=ThreadRef(channel=channel, thread=thread),
            reply_to=reply_to,
        )
        for id, name, thread, reply_to in rows
    )


def by_message(tx: Transaction, message: str) -> tuple[int, ...]:
    """The jobs that a message has joined."""
    rows = tx.execute("SELECT job FROM watchers WHERE message = ? ORDER BY job", (message,))
    return tuple(job for (job,) in rows)


def drop(tx: Transaction, message: str) -> None:
    """Nothing comes of what a message has joined."""
    tx.execute("DELETE FROM watchers WHERE message = ?", (message,))


def remove(tx: Transaction, job: int) -> None:
    """The job has ended, and they were told."""
    tx.execute("DELETE FROM watchers WHERE job = ?", (job,))
