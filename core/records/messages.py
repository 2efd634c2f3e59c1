"""What was said in a channel, by people and by the bot."""

from dataclasses import dataclass, replace

from core.messages import Attachment, ChannelRef, Message, Post, PostKind, ThreadRef
from core.messages.views import MessageLine, ThreadLine
from core.records import codec
from core.state.database import Transaction

_SELECT = "SELECT seq, id, thread, author_id, author, text, at, post, files FROM messages"
# Four statements, so that each runs down one index and reads no more than it returns.
_FORWARDS = {
    False: _SELECT + " WHERE seq > :after ORDER BY seq LIMIT :limit",
    True: _SELECT + " WHERE thread = :thread AND seq > :after ORDER BY seq LIMIT :limit",
}
_BACKWARDS = {
    False: _SELECT + " WHERE seq < :before ORDER BY seq DESC LIMIT :limit",
    True: _SELECT + " WHERE thread = :thread AND seq < :before ORDER BY seq DESC LIMIT :limit",
}
_TITLE = 80
_PAGE_OF_TEXT = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model is told of one message; `kind` is None for a person's, `job` a result's, `files`
    came with it."""

    seq: int
    author_id: str
    author: str
    text: str
    kind: PostKind | None
    job: int | None
    files: tuple[Attachment, ...] = ()


def add_message(tx: Transaction, message: Message) -> int:
    """Keep a person's message; returns its `seq`."""
    files = codec.files.dump_json(message.files).decode() if message.files else None
    return _insert(
        tx, message.id, message.thread.thread, message.author.id, message.author.name,
        message.text, message.at, files=files,
    )  # fmt: skip


def add_post(tx: Transaction, post: Post) -> int:
    """Keep one of the bot's own; returns its `seq`."""
    payload = post_row(post)
    return _insert(tx, post.id, post.thread.thread, "", "", post.text, post.at, post=payload)


def post_row(post: Post) -> str:
    """A post as it is kept beside its text."""
    return codec.outbound.dump_json(replace(post, text="")).decode()


def _insert(
    tx: Transaction, id: str, thread: str, author_id: str, author: str, text: str, at: float,
    *, post: str | None = None, files: str | None = None,
) -> int:  # fmt: skip
    row = tx.execute(
        "INSERT INTO messages (id, thread, author_id, author, text, at, post, files)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        (id, thread, author_id, author, text, at, post, files),
    ).fetchone()
    return int(row[0])


def author_named(tx: Transaction, author_id: str) -> str | None:
    """What a person was last called here; None if they said nothing."""
    row = tx.execute(
        "SELECT author FROM messages WHERE author_id = ? ORDER BY seq DESC LIMIT 1", (author_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def newest(tx: Transaction) -> int:
    """The `seq` of the newest message, 0 in an empty channel."""
    return int(tx.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()[0])


def seq_of(tx: Transaction, id: str) -> int | None:
    """The `seq` of a message or post."""
    row = tx.execute("SELECT seq FROM messages WHERE id = ?", (id,)).fetchone()
    return None if row is None else int(row[0])


def post(tx: Transaction, id: str) -> Post | None:
    """One of the bot's own, whole."""
    row = tx.execute(
        "SELECT text, post FROM messages WHERE id = ? AND post IS NOT NULL", (id,)
    ).fetchone()
    return None if row is None else replace(codec.post.validate_json(row[1]), text=row[0])


def posts_named(tx: Transaction, beginning: str) -> tuple[Post, ...]:
    """The bot's own whose ids begin so, oldest first."""
    rows = tx.execute(
        "SELECT text, post FROM messages WHERE id >= ? AND id < ? AND post IS NOT NULL"
        " ORDER BY seq",
        (beginning, beginning + chr(0x10FFFF)),
    )
    return tuple(replace(codec.post.validate_json(post), text=text) for text, post in rows)


def newest_thread(tx: Transaction, beginning: str) -> str | None:
    """The thread of the newest message or post whose id begins so."""
    row = tx.execute(
        "SELECT thread FROM messages WHERE id >= ? AND id < ? ORDER BY seq DESC LIMIT 1",
        (beginning, beginning + chr(0x10FFFF)),
    ).fetchone()
    return None if row is None else str(row[0])


def read(
    tx: Transaction,
    channel: ChannelRef,
    *,
    thread: str | None = None,
    after: int = 0,
    before: int | None = None,
    limit: int = 200,
) -> tuple[MessageLine, ...]:
    """Messages oldest first: those above `after`, or the newest ones below `before` if given.

    Fewer than `limit` where their texts are long.
    """
    parameters = {"thread": thread, "after": after, "before": before, "limit": limit}
    statements = _FORWARDS if before is None else _BACKWARDS
    lines: list[MessageLine] = []
    size = 0
    for row in tx.execute(statements[thread is not None], parameters):
        lines.append(_line(channel, row))
        size += len(lines[-1].text)
        if size > _PAGE_OF_TEXT:
            break
    if before is not None:
        lines.reverse()
    return tuple(lines)


def root(tx: Transaction, channel: ChannelRef, thread: str) -> MessageLine | None:
    """The message that a thread hangs on, where that stands in another one."""
    row = tx.execute(_SELECT + " WHERE id = ?1 AND thread <> ?1", (thread,)).fetchone()
    return None if row is None else _line(channel, row)


def tail(
    tx: Transaction, thread: str, before: int, upto: int, limit: int, after: int = 0
) -> tuple[Said, ...]:
    """What a turn about the message at `before` is shown of its thread, oldest first: the newest
    people's messages below it, and the bot's posts up to `upto`; nothing up to `after`. No post is
    decoded."""
    rows = tx.execute(
        "SELECT seq, author_id, author, text, json_extract(post, '$.kind'),"
        " json_extract(post, '$.job'), files FROM messages WHERE thread = ? AND seq > ?"
        " AND seq <= ? AND (seq < ? OR post IS NOT NULL) ORDER BY seq DESC LIMIT ?",
        (thread, after, upto, before, limit),
    ).fetchall()
    return tuple(
        Said(
            seq=seq, author_id=author_id, author=author, text=text,
            kind=None if kind is None else PostKind(kind), job=job, files=_files(files),
        )
        for seq, author_id, author, text, kind, job, files in reversed(rows)
    )  # fmt: skip


def written_by(tx: Transaction, author_id: str, limit: int) -> tuple[str, ...]:
    """What a person wrote, in any thread, among the newest `limit` messages."""
    rows = tx.execute(
        "SELECT text FROM (SELECT author_id, text FROM messages ORDER BY seq DESC LIMIT ?)"
        " WHERE author_id = ?",
        (limit, author_id),
    )
    return tuple(text for (text,) in rows)


def threads(tx: Transaction, channel: ChannelRef, limit: int = 200) -> tuple[ThreadLine, ...]:
    """The channel's threads, last active first; a thread's title is how it began: the message it
    hangs on, else the first in it."""
    rows = tx.execute(
        "SELECT t.thread, last.at, t.messages, substr(coalesce(root.text, first.text), 1, ?)"
        " FROM threads AS t"
        " JOIN messages AS first ON first.seq = t.first JOIN messages AS last ON last.seq = t.last"
        " LEFT JOIN messages AS root ON root.id = t.thread ORDER BY t.last DESC LIMIT ?",
        (_TITLE, limit),
    )
    return tuple(
        ThreadLine(
            thread=ThreadRef(channel=channel, thread=thread), title=title, at=at, messages=count
        )
        for thread, at, count, title in rows
    )


def _files(row: str | None) -> tuple[Attachment, ...]:
    return codec.files.validate_json(row) if row else ()


def _line(
    channel: ChannelRef, row: tuple[int, str, str, str, str, str, float, str | None, str | None]
) -> MessageLine:
    seq, id, thread, author_id, author, text, at, payload, files = row
    post = replace(codec.post.validate_json(payload), text=text) if payload else None
    return MessageLine(
        seq=seq,
        id=id,
        thread=ThreadRef(channel=channel, thread=thread),
        author_id=author_id,
        author=author,
        text=text,
        at=at,
        post=post,
        files=_files(files),
    )
