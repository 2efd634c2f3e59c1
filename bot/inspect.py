"""Looks at the data without the bot: `thaw jobs`, `thaw state`, `thaw export`. Changes nothing."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from bot.checks import printable
from core.errors import BadRequest, StoreError, ThawError
from core.messages import ChannelRef
from core.messages.money import usage_words
from core.messages.views import MessageLine
from core.posts import card_state, result_id
from core.records import codec, jobs, messages, outbox
from core.records.jobs import JobRow
from core.state.channels import Channels
from core.state.conflicts import open_conflicts
from core.state.control import known_channels
from core.state.database import Transaction
from core.state.differences import LARGEST_SHOWN
from core.state.entries import Entry, read_entry, read_prefix
from core.state.facts import Space, head
from core.state.files import StateFile, find_file, list_files, read_file, read_pieces
from core.state.history import CommitInfo, commit_info, history
from core.state.history_text import origin_lines
from core.state.moments import moment
from core.state.provenance import Pin, origin, pin_of
from core.state.questions import conflict_line
from core.state.reading import reading
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.state.settings import read_settings
from core.state.views import entry_text

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
            with opened(root, ref) as tx:
                unseen = outbox.refused(tx)
                for row in jobs.newest(tx, ref, _JOBS):
                    empty = False
                    yield _job_line(ref, row, unseen.get(result_id(row.number)))
        except ThawError as error:
            troubles.append(str(error))
    if troubles:
        raise StoreError("\n".join(troubles))
    if empty:
        yield f"no jobs yet in {printable(str(root))}"


def state_of(
    root: Path, name: str, key: str | None = None, at: str | None = None, *, in_json: bool = False
) -> Iterator[str]:
    """Yield the channel's entries and files, each beginning a line. Raises ThawError.

    `key` is one key or path, shown with where it comes from, or what others begin with. `at` is
    a moment as people name it (None: now).
    """
    with opened(root, named(known_channels(root), name)) as tx:
        then = None if at is None else moment(tx, at, time.time())
        commit = head(tx) if then is None else then.commit
        if in_json:
            yield as_json("state", commit=commit, newest=head(tx), words=then.words if then else "")
        else:
            yield f"commit {commit}" if then is None else f"as of {then.words}"
        entries, files = _matching(tx, key or "", commit)
        for entry in entries:
            yield from _entry_lines(tx, entry, whole=entry.key == key, at=commit, in_json=in_json)
        for file in files:
            yield from _file_lines(tx, file, whole=file.path == key, at=commit, in_json=in_json)


def _matching(
    tx: Transaction, key: str, at: int
) -> tuple[tuple[Entry, ...], tuple[StateFile, ...]]:
    """The entry and the file of that name, or all that begin with it. Raises BadRequest."""
    entry = read_entry(tx, key, at, _ITEMS) if key else None
    file = find_file(tx, key, at) if key else None
    if entry or file:
        return (entry,) if entry else (), (file,) if file else ()
    entries, files = read_prefix(tx, key, at, limit=-1, most=_ITEMS), list_files(tx, key, at)
    if key and not entries and not files:
        raise BadRequest(f'no key and no file begins with "{printable(key[:100])}" at commit {at}')
    return entries, files


def _entry_lines(
    tx: Transaction, entry: Entry, *, whole: bool, at: int, in_json: bool
) -> Iterator[str]:
    now = at == head(tx)
    if in_json:
        yield _entry(entry, now=now)
        return
    first, *more = entry_text(entry).split("\n")
    remarks = printable(entry.author) + (_remarks(entry) if now else "")
    yield f"{printable(first)}   [{remarks}]"
    yield from (f"    {printable(line)}" for line in more)
    if whole:
        yield from _origin(tx, "entry", entry.key, at, pin_of(tx, entry.key) if now else None)


def _file_lines(
    tx: Transaction, file: StateFile, *, whole: bool, at: int, in_json: bool
) -> Iterator[str]:
    info = commit_info(tx, file.commit)
    author = str(info.author) if info else ""
    if in_json:
        yield as_json("file", path=file.path, size=file.size, executable=file.executable,
                      commit=file.commit, author=author)  # fmt: skip
        return
    mode = ", executable" if file.executable else ""
    yield f"{printable(file.path)}: {file.size:,} bytes{mode}   [{printable(author)}]"
    if whole:
        content = b"".join(read_pieces(tx, file)) if file.size <= LARGEST_SHOWN else b"\0"
        if b"\0" not in content:
            lines = content.decode("utf-8", "replace").splitlines()
            yield from (f"    {printable(line)}" for line in lines)
        yield from _origin(tx, "file", file.path, at, None)


def _origin(tx: Transaction, space: Space, key: str, at: int, pin: Pin | None) -> Iterator[str]:
    found = origin(tx, space, key, at)
    if found is not None:
        yield from map(printable, origin_lines(found, pin))


def export_of(root: Path, name: str) -> Iterator[str]:
    """Yield all that the channel knows as lines of JSON, each with its `type`. Raises ThawError."""
    ref = named(known_channels(root), name)
    with opened(root, ref) as tx:
        yield as_json("channel", channel=str(ref), commit=head(tx))
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


def opened(root: Path, ref: ChannelRef) -> AbstractContextManager[Transaction]:
    """One consistent view of a channel. Raises StoreError."""
    path = Channels(root).path(ref)
    return reading(path, CHANNEL_APPLICATION_ID, len(channel_migrations()))


def _job_line(ref: ChannelRef, row: JobRow, unseen: str | None) -> str:
    """`unseen` is why its result was not shown where it was asked for."""
    asked = datetime.fromtimestamp(row.created_at).astimezone().strftime("%Y-%m-%d %H:%M")
    line = (
        f"{ref}  {row.number:>4}  {card_state(row):<9}  {asked}  {row.title}  "
        f"({row.requester.name}, {usage_words(row.tokens, row.cost)})"
    )
    if unseen is not None:
        line += f"  result not shown there: {unseen} (`thaw export {ref}` has it)"
    return printable(line)


def _remarks(entry: Entry) -> str:
    pinned = ", pinned" if entry.pinned else ""
    waiting = f", conflict #{entry.conflict}" if entry.conflict is not None else ""
    return f"{pinned}{waiting}"


def _settings(tx: Transaction) -> Iterator[str]:
    for one in read_settings(tx):
        yield as_json("setting", name=one.name, value=one.value, by=one.by, at=one.at)


def _messages(tx: Transaction, ref: ChannelRef) -> Iterator[str]:
    after = 0
    while lines := messages.read(tx, ref, after=after, limit=_PAGE):
        after = lines[-1].seq
        yield from map(_message, lines)


def _message(line: MessageLine) -> str:
    said = {"id": line.id, "thread": line.thread.thread, "text": line.text, "at": line.at}
    post = line.post
    if post is None:
        return as_json("message", **said, author=line.author, author_id=line.author_id,
                    files=[file.path for file in line.files if file.path])  # fmt: skip
    return as_json("post", **said, kind=post.kind.value, job=post.job, receipt=post.receipt,
                 files=post.files, reply_to=post.reply_to, offline=post.offline)  # fmt: skip


def _jobs(tx: Transaction, ref: ChannelRef) -> Iterator[str]:
    for row in reversed(jobs.newest(tx, ref, -1)):
        outcome = codec.outcome.dump_python(row.outcome, mode="json") if row.outcome else None
        yield as_json("job", number=row.number, id=row.id, thread=row.thread.thread,
                    title=row.title, brief=row.brief, requester=row.requester.name,
                    requester_id=row.requester.id, state=card_state(row), outcome=outcome,
                    base_commit=row.base_commit, steps=row.steps, tokens=row.tokens,
                    nanodollars=row.cost,
                    created_at=row.created_at, started_at=row.started_at,
                    ended_at=row.ended_at)  # fmt: skip


def _commits(tx: Transaction) -> Iterator[str]:
    for info in _oldest_first(tx):
        yield as_json("commit", number=info.number, author=str(info.author),
                    author_id=info.author.person_id, job=info.author.job, base=info.base,
                    about=info.about, at=info.at, undoes=info.undoes, undone_by=info.undone_by,
                    lines=[line.text for line in info.receipt])  # fmt: skip


def _oldest_first(tx: Transaction) -> Iterator[CommitInfo]:
    for start in range(1, head(tx) + 1, _PAGE):
        page = history(tx, before=start + _PAGE, limit=_PAGE)
        yield from (info for info in reversed(page) if info.number >= start)


def _entries(tx: Transaction) -> Iterator[str]:
    for entry in read_prefix(tx, limit=-1, most=-1):
        yield _entry(entry, now=True)


def _entry(entry: Entry, *, now: bool) -> str:
    """An entry; pins and conflicts are of `now` alone."""
    present = {"pinned": entry.pinned, "conflict": entry.conflict} if now else {}
    return as_json("entry", key=entry.key, kind=entry.kind.value, value=entry.value,
                   commit=entry.commit, author=entry.author, at=entry.at, **present)  # fmt: skip


def _conflicts(tx: Transaction) -> Iterator[str]:
    for found in open_conflicts(tx):
        line = conflict_line(tx, found, detailed=False)
        candidates = [
            {"number": one.number, "value": one.value, "author": one.author, "base": one.base}
            for one in line.candidates
        ]
        yield as_json("conflict", number=line.number, key=line.key, candidates=candidates)


def _files(tx: Transaction) -> Iterator[str]:
    for file in list_files(tx):
        content = read_file(tx, file.path) or b""
        yield as_json("file", path=file.path, executable=file.executable, commit=file.commit,
                    base64=base64.b64encode(content).decode())  # fmt: skip


def as_json(type_: str, /, **fields: object) -> str:
    """One line of JSON with its type."""
    return printable(json.dumps({"type": type_, **fields}, ensure_ascii=False))
