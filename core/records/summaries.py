"""What stands for the messages of a thread that its turns are no longer shown. Triggers throw it
away when one of these is changed, deleted or forgotten. Asks no model."""

from dataclasses import dataclass

from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`text` stands for `messages` messages, the newest of which is at the seq `upto`."""

    upto: int
    messages: int
    text: str


def standing(tx: Transaction, thread: str) -> Summary | None:
    """The thread's, if there is one."""
    row = tx.execute(
        "SELECT upto, messages, text FROM summaries WHERE thread = ? AND upto > 0", (thread,)
    ).fetchone()
    return None if row is None else Summary(upto=row[0], messages=row[1], text=row[2])


def put(tx: Transaction, thread: str, summary: Summary) -> None:
    """Let a summary stand from now on."""
    tx.execute(
        "INSERT OR REPLACE INTO summaries (thread, upto, messages, text) VALUES (?, ?, ?, ?)",
        (thread, summary.upto, summary.messages, summary.text),
    )


def tried(tx: Transaction, thread: str) -> int:
    """The newest seq when a summary came to nothing; 0 if the last one came to something."""
    row = tx.execute("SELECT tried FROM summaries WHERE thread = ?", (thread,)).fetchone()
    return 0 if row is None else int(row[0])


def give_up(tx: Transaction, thread: str, seq: int) -> None:
    """One was paid for and is no use: what stood so far stays."""
    tx.execute(
        "INSERT INTO summaries (thread, tried) VALUES (?1, ?2)"
        " ON CONFLICT DO UPDATE SET tried = ?2",
        (thread, seq),
    )


def first_owed(tx: Transaction, thread: str) -> int | None:
    """The seq of the thread's oldest message that is owed an answer."""
    row = tx.execute(
        "SELECT min(m.seq) FROM inbox AS i JOIN messages AS m ON m.id = substr(i.id, 9)"
        " WHERE i.done = 0 AND i.thread = ? AND i.id GLOB 'message:*'",
        (thread,),
    ).fetchone()
    return None if row[0] is None else int(row[0])
