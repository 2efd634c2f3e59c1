"""What is to be shown to people and whether it was. The sending is core.outbox's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from core.messages import Outbound, Post
from core.records import codec, messages
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An item that was not shown yet, None when its row cannot be read.

    `version` counts its replacements.
    """

    id: str
    version: int
    attempts: int
    item: Outbound | None


_PUT = "INSERT INTO outbox (id, thread, payload, state) VALUES (?, ?, ?, 'waiting')"
_REPLACE = (
    _PUT + " ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, state = 'waiting',"
    " attempts = 0, version = version + 1"
)


def put(tx: Transaction, item: Outbound) -> None:
    """Promise to show `item`. A card replaces its earlier version; a post's id is used once."""
    payload = codec.outbound.dump_json(item).decode()
    if isinstance(item, Post):
        messages.add_post(tx, item)
    row = (item.id, item.thread.thread, payload)
    tx.execute(_PUT if isinstance(item, Post) else _REPLACE, row)


def show_again(tx: Transaction, post: Post) -> None:
    """Keep a post as it is now and promise to show it: it replaces itself, by its id. One that has
    not changed is shown as it is."""
    if messages.post(tx, post.id) == post:
        return
    tx.execute(
        "UPDATE messages SET text = ?, post = ? WHERE id = ?",
        (post.text, messages.post_row(post), post.id),
    )
    payload = codec.outbound.dump_json(post).decode()
    tx.execute(_REPLACE, (post.id, post.thread.thread, payload))


def waiting(tx: Transaction, thread: str, limit: int = 50) -> tuple[Waiting, ...]:
    """The thread's items to be shown, in order."""
    rows = tx.execute(
        "SELECT id, version, attempts, CAST(payload AS BLOB) FROM outbox"
        " WHERE state = 'waiting' AND thread = ? ORDER BY seq LIMIT ?",
        (thread, limit),
    )
    return tuple(
        Waiting(id=id, version=version, attempts=attempts, item=_item(payload))
        for id, version, attempts, payload in rows
    )


def only(tx: Transaction, thread: str, items: Sequence[Outbound]) -> tuple[Waiting, ...]:
    """The thread's items to be shown, in order, if they are among these that were just put: so
    nothing needs to be read again. Nothing if more waits."""
    known = {item.id: item for item in items}
    rows = tx.execute(
        "SELECT id, version, attempts FROM outbox"
        " WHERE state = 'waiting' AND thread = ? ORDER BY seq LIMIT ?",
        (thread, len(known) + 1),
    ).fetchall()
    if any(id not in known for id, _, _ in rows):
        return ()
    return tuple(
        Waiting(id=id, version=version, attempts=attempts, item=known[id])
        for id, version, attempts in rows
    )


def _item(payload: bytes) -> Outbound | None:
    try:
        return codec.outbound.validate_json(payload)
    except ValidationError:
        return None


def waiting_threads(tx: Transaction) -> tuple[str, ...]:
    """The threads that have items to be shown."""
    rows = tx.execute("SELECT DISTINCT thread FROM outbox WHERE state = 'waiting'")
    return tuple(thread for (thread,) in rows)


def refused(tx: Transaction) -> Mapping[str, str]:
    """What will never be shown, by its id, and why."""
    return dict(tx.execute("SELECT id, error FROM outbox WHERE state = 'refused'").fetchall())


def sent(tx: Transaction, item: Waiting) -> None:
    """The item was shown, and a post is among the messages; a version put meanwhile stays."""
    tx.execute("DELETE FROM outbox WHERE id = ? AND version = ?", (item.id, item.version))


def failed(tx: Transaction, item: Waiting, error: str, *, final: bool) -> None:
    """The item was not shown: to be tried again, or never (`final`)."""
    tx.execute(
        "UPDATE outbox SET attempts = attempts + 1, error = ?, state = ?,"
        " payload = iif(?, '', payload) WHERE id = ? AND version = ?",
        (error, "refused" if final else "waiting", final, item.id, item.version),
    )
