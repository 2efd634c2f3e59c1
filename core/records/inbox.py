"""Events that people caused and that are owed an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from core.messages import Asking, Change, Edit, Message
from core.records import codec
from core.state.database import Transaction

# As bytes: what is no UTF-8 is one row that cannot be read, not a statement that fails.
_PAYLOAD = "CAST(payload AS BLOB) FROM inbox WHERE done = 0"
_FIND = f"SELECT {_PAYLOAD} AND id = ?"
_OWED = f"SELECT rowid, id, {_PAYLOAD} AND rowid > ? ORDER BY rowid LIMIT ?"
_OWED_OF = f"SELECT rowid, id, {_PAYLOAD} AND id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An accepted event that is not answered yet; None when its row cannot be read.

    `id` is its inbox id, `place` its place among all.
    """

    place: int
    id: str
    event: Asking | None


def inbox_id(event: Asking) -> str:
    """The key of deduplication: the same event of a platform has the same id for ever."""
    return f"{'message' if isinstance(event, Message) else 'press'}:{event.id}"


def accept(tx: Transaction, event: Asking) -> bool:
    """Keep the event; False when it was kept before."""
    kept = tx.execute(
        "INSERT OR IGNORE INTO inbox (id, thread, payload, at) VALUES (?, ?, ?, ?)",
        (inbox_id(event), event.thread.thread, codec.inbound.dump_json(event).decode(), event.at),
    )
    return kept.rowcount == 1


def is_known(tx: Transaction, event: Asking) -> bool:
    """Whether the event was kept before."""
    row = tx.execute("SELECT 1 FROM inbox WHERE id = ?", (inbox_id(event),)).fetchone()
    return row is not None


def close(tx: Transaction, id: str) -> bool:
    """The event is answered; False when it was before. What it said is in the messages; here only
    its id stays, so that it is known should it come again."""
    closed = tx.execute("UPDATE inbox SET done = 1, payload = '' WHERE id = ? AND done = 0", (id,))
    return closed.rowcount == 1


def note(tx: Transaction, change: Change) -> bool:
    """Know the change by its id, which is owed no answer; False when it was known before."""
    kind = "edit" if isinstance(change, Edit) else "deletion"
    noted = tx.execute(
        "INSERT OR IGNORE INTO inbox (id, thread, payload, at, done) VALUES (?, ?, '', ?, 1)",
        (f"{kind}:{change.id}", change.thread.thread, change.at),
    )
    return noted.rowcount == 1


def replace(tx: Transaction, event: Asking) -> None:
    """What is owed an answer asks something else now."""
    tx.execute(
        "UPDATE inbox SET payload = ? WHERE id = ? AND done = 0",
        (codec.inbound.dump_json(event).decode(), inbox_id(event)),
    )


def is_open(tx: Transaction, id: str) -> bool:
    """True while the event is owed an answer."""
    row = tx.execute("SELECT done FROM inbox WHERE id = ?", (id,)).fetchone()
    return row is not None and not row[0]


def find(tx: Transaction, id: str) -> Asking | None:
    """An event that is owed an answer and can be read, or None."""
    row = tx.execute(_FIND, (id,)).fetchone()
    return None if row is None else _event(row[0])


def owed(tx: Transaction, after: int = 0, limit: int = -1) -> tuple[Owed, ...]:
    """Events that are owed an answer, in the order they were accepted, from a place on."""
    rows = tx.execute(_OWED, (after, limit))
    return tuple(Owed(place=place, id=id, event=_event(text)) for place, id, text in rows)


def open_ids(tx: Transaction) -> tuple[tuple[str, str], ...]:
    """Thread and inbox id of all events that are owed an answer, in the order of `owed`."""
    return tuple(tx.execute("SELECT thread, id FROM inbox WHERE done = 0 ORDER BY rowid"))


def owed_of(tx: Transaction, ids: Sequence[str]) -> tuple[Owed, ...]:
    """Those of these events that are owed an answer, in the order given."""
    found = (tx.execute(_OWED_OF, (id,)).fetchone() for id in ids)
    rows = (row for row in found if row is not None)
    return tuple(Owed(place=place, id=id, event=_event(text)) for place, id, text in rows)


def _event(payload: bytes) -> Asking | None:
    try:
        return codec.inbound.validate_json(payload)
    except ValidationError:
        return None
