"""Looks at the data without the bot: `thaw jobs`, `thaw state`, `thaw export`. Changes nothing."""

import base64
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from bot.checks import printable
from core.errors import BadRequest, StoreError, ThawError
from core.messages import ChannelRef
from core.messages.views import MessageLine
from core.posts import card_state
from core.records import codec, jobs, messages
from core.records.jobs import JobRow
from core.state.channels import Channels
from core.state.control import known_channels
from core.state.database import Transaction
from core.state.entries import Entry, read_prefix
from core.state.facts import head
from core.state.files import list_files, read_file
from core.state.history import CommitInfo, commit_info, history
from core.state.reading import reading
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.state.settings import read_settings
from core.state.views import conflicts_view, entry_text

_JOBS = 50
_PAGE = 500
_ITEMS = 200


def jobs_of(root: Path, name: str | None) -> Iterator[str]:
    """Yield a line for each of the newest jobs, of one channel or of each. Raises ThawError.

    A channel that cannot be read does not keep the others back; it is told at the end.
    """
    refs = known_channels(root)
    if name is not None:
        refs = (named(refs, name),)
    troubles, empty = [], True
    for ref in refs:
        try:
            with _opened(root, ref) as tx:
                for row in jobs.newest(tx, ref, _JOBS):
                    empty = False
                    yield _job_line(ref, row)
        except ThawError as error:
            troubles.append(str(error))
    if troubles:
        raise StoreError("\n".join(troubles))
    if empty:
        yield f"no jobs yet in {printable(str(root))}"


def state_of(root: Path, name: str) -> Iterator[str]:
    """Yield the channel's entries and files, each beginning a line. Raises ThawError."""
    with _opened(root, named(known_channels(root), name)) as tx:
        yield f"commit {head(tx)}"
        for entry in read_prefix(tx, limit=-1, most=_ITEMS):
            first, *more = entry_text(entry).split("\n")
            yield f"{printable(first)}   [{_remarks(entry)}]"
            yield from (f"    {printable(line)}" for line in more)
        for file in list_files(tx):
            info = commit_info(tx, file.commit)
            mode = ", executable" if file.executable else ""
            author = printable(str(info.author)) if info else ""
            yield f"{printable(file.path)}: {file.size:,} bytes{mode}   [{author}]"


def export_of(root: Path, name: str) -> Iterator[str]:
    """Yield all that the channel knows as lines of JSON, each with its `type`. Raises ThawError."""
    ref = named(known_channels(root), name)
    with _opened(root, ref) as tx:
        yield _json("channel", channel=str(ref), commit=head(tx))
        yield from _settings(tx)
        yield from _messages(tx, ref)
        yield from _jobs(tx, ref)
        yield from _commits(tx)
        yield from _entries(tx)
        yield from _conflicts(tx)
        yield from _files(tx)


def named(refs: tuple[ChannelRef, ...], name: str) -> ChannelRef:
    """The channel that a person means: "general", or the whole "web/local/general"."""
    found = [ref for ref in refs if name in (str(ref), ref.channel)]
    if len(found) == 1:
        return found[0]
    asked = printable(name[:100])
    if found:
        listed = ", ".join(printable(str(ref)) for ref in found)
        raise BadRequest(f'"{asked}" could be any of: {listed}')
    listed = ", ".join(printable(str(ref)) for ref in refs[:20]) or "none yet"
    more = f" and {len(refs) - 20:,} more" if len(refs) > 20 else ""
    raise BadRequest(f'there is no channel "{asked}"; the channels are: {listed}{more}')


def _opened(root: Path, ref: ChannelRef) -> AbstractContextManager[Transaction]:
    path = Channels(root).path(ref)
    return reading(path, CHANNEL_APPLICATION_ID, len(channel_migrations()))


def _job_line(ref: ChannelRef, row: JobRow) -> str:
    asked = datetime.fromtimestamp(row.created_at).astimezone().strftime("%Y-%m-%d %H:%M")
    line = (
        f"{ref}  {row.number:>4}  {card_state(row):<9}  {asked}  {row.title}  "
        f"({row.requester.name}, {row.tokens:,} tokens)"
    )
    return printable(line)


def _remarks(entry: Entry) -> str:
    pinned = ", pinned" if entry.pinned else ""
    waiting = f", conflict #{entry.conflict}" if entry.conflict is not None else ""
    return f"{printable(entry.author)}{pinned}{waiting}"


def _settings(tx: Transaction) -> Iterator[str]:
    for one in read_settings(tx):
        yield _json("setting", name=one.name, value=one.value, by=one.by, at=one.at)


def _messages(tx: Transaction, ref: ChannelRef) -> Iterator[str]:
    after = 0
    while lines := messages.read(tx, ref, after=after, limit=_PAGE):
        after = lines[-1].seq
        yield from map(_message, lines)


def _message(line: MessageLine) -> str:
    said = {"id": line.id, "thread": line.thread.thread, "text": line.text, "at": line.at}
    post = line.post
    if post is None:
        return _json("message", **said, author=line.author, author_id=line.author_id)
    return _json("post", **said, kind=post.kind.value, job=post.job, receipt=post.receipt,
                 files=post.files, reply_to=post.reply_to, offline=post.offline)  # fmt: skip


def _jobs(tx: Transaction, ref: ChannelRef) -> Iterator[str]:
    for row in reversed(jobs.newest(tx, ref, -1)):
        outcome = codec.outcome.dump_python(row.outcome, mode="json") if row.outcome else None
        yield _json("job", number=row.number, id=row.id, thread=row.thread.thread,
                    title=row.title, brief=row.brief, requester=row.requester.name,
                    requester_id=row.requester.id, state=card_state(row), outcome=outcome,
                    base_commit=row.base_commit, steps=row.steps, tokens=row.tokens,
                    created_at=row.created_at, started_at=row.started_at,
                    ended_at=row.ended_at)  # fmt: skip


def _commits(tx: Transaction) -> Iterator[str]:
    for info in _oldest_first(tx):
        yield _json("commit", number=info.number, author=str(info.author),
                    author_id=info.author.person_id, job=info.author.job, base=info.base,
                    about=info.about, at=info.at, undoes=info.undoes, undone_by=info.undone_by,
                    lines=[line.text for line in info.receipt])  # fmt: skip


def _oldest_first(tx: Transaction) -> Iterator[CommitInfo]:
    for start in range(1, head(tx) + 1, _PAGE):
        page = history(tx, before=start + _PAGE, limit=_PAGE)
        yield from (info for info in reversed(page) if info.number >= start)


def _entries(tx: Transaction) -> Iterator[str]:
    for entry in read_prefix(tx, limit=-1, most=-1):
        yield _json("entry", key=entry.key, kind=entry.kind.value, value=entry.value,
                    commit=entry.commit, author=entry.author, at=entry.at, pinned=entry.pinned,
                    conflict=entry.conflict)  # fmt: skip


def _conflicts(tx: Transaction) -> Iterator[str]:
    for line in conflicts_view(tx).lines:
        candidates = [
            {"number": one.number, "value": one.value, "author": one.author, "base": one.base}
            for one in line.candidates
        ]
        yield _json("conflict", number=line.number, key=line.key, candidates=candidates)


def _files(tx: Transaction) -> Iterator[str]:
    for file in list_files(tx):
        content = read_file(tx, file.path) or b""
        yield _json("file", path=file.path, executable=file.executable, commit=file.commit,
                    base64=base64.b64encode(content).decode())  # fmt: skip


def _json(type_: str, /, **fields: object) -> str:
    return printable(json.dumps({"type": type_, **fields}, ensure_ascii=False))
