"""Messages that their authors changed or took back, in the records. Decides nothing."""

from dataclasses import dataclass

from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A person's message as it stands; `revised_at` is the time of its newest edit, if any."""

    thread: str
    author_id: str
    text: str
    revised_at: float | None


def standing(tx: Transaction, message: str) -> Standing | None:
    """The message of that id, None if there is none, or if it is one of the bot's own."""
    row = tx.execute(
        "SELECT thread, author_id, text, revised_at FROM messages WHERE id = ? AND post IS NULL",
        (message,),
    ).fetchone()
    if row is None:
        return None
    return Standing(thread=row[0], author_id=row[1], text=row[2], revised_at=row[3])


def rewrite(tx: Transaction, message: str, text: str, at: float) -> None:
    """The message says this now; triggers bring the index after it."""
    tx.execute("UPDATE messages SET text = ?, revised_at = ? WHERE id = ?", (text, at, message))


def remove(tx: Transaction, message: str) -> None:
    """The message was never said; triggers take it out of the index and of its thread."""
    tx.execute("DELETE FROM messages WHERE id = ?", (message,))


def resteer(tx: Transaction, inbox_id: str, before: str, text: str) -> None:
    """What the message told a job by its whole text it tells so now; a job that has read it
    already does not read it again."""
    tx.execute("UPDATE steering SET text = ? WHERE id = ? AND text = ?", (text, inbox_id, before))


def unsteer(tx: Transaction, inbox_id: str) -> None:
    """What the message told a job, it tells no more."""
    tx.execute("DELETE FROM steering WHERE id = ?", (inbox_id,))
