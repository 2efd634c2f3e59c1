"""Looks at the data without the bot: `thaw jobs`, `thaw state`, `thaw export`. Changes nothing."""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from core.errors import BadRequest
from core.messages import ChannelRef
from core.posts import card_state
from core.records import codec, jobs, messages
from core.state.channels import Channels
from core.state.control import known_channels
from core.state.database import Transaction
from core.state.entries import read_prefix
from core.state.files import list_files, read_file
from core.state.history import CommitInfo, history
from core.state.views import state_view

_JOBS = 50
_PAGE = 500


async def jobs_of(root: Path, name: str | None) -> list[str]:
    """One line for each of the newest jobs, of one channel or of all."""
    refs = await known_channels(root)
    if name is not None:
        refs = (named(refs, name),)
    lines = []
    channels = Channels(root)
    try:
        for ref in refs:
            rows = await channels.read(ref, partial(jobs.newest, channel=ref, limit=_JOBS))
            lines += [
                f"{ref}  {row.number:>4}  {card_state(row):<9}  {row.title}  ({row.requester.name})"
                for row in rows
            ]
    finally:
        await channels.close()
    return lines


async def state_of(root: Path, name: str) -> list[str]:
    """The channel's entries and files, a line each."""
    ref = named(await known_channels(root), name)
    channels = Channels(root)
    try:
        view = await channels.read(ref, partial(state_view, prefix="", at=None))
    finally:
        await channels.close()
    lines = [f"commit {view.commit}"]
    for entry in (*view.entries, *view.files):
        first, *more = entry.value.splitlines() or [""]
        lines.append(f"{entry.key} ({entry.kind}) = {first}   [{entry.author}]")
        lines += [f"    {line}" for line in more]
    return lines


async def export_of(root: Path, name: str) -> list[str]:
    """The whole channel as lines of JSON: messages, jobs, history, entries, files."""
    ref = named(await known_channels(root), name)
    channels = Channels(root)
    try:
        return await channels.read(ref, lambda tx: list(_exported(tx, ref)))
    finally:
        await channels.close()


def named(refs: tuple[ChannelRef, ...], name: str) -> ChannelRef:
    """The channel that a person means: "general", or the whole "web/local/general"."""
    found = [ref for ref in refs if name in (str(ref), ref.channel)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadRequest(f"{name!r} could be any of: {', '.join(map(str, found))}")
    listed = ", ".join(map(str, refs[:20])) or "none yet"
    raise BadRequest(f"there is no channel {name!r}; the channels are: {listed}")


def _exported(tx: Transaction, ref: ChannelRef) -> Iterator[str]:
    after = 0
    while lines := messages.read(tx, ref, after=after, limit=_PAGE):
        after = lines[-1].seq
        for line in lines:
            yield _json("message", id=line.id, thread=line.thread.thread, author=line.author,
                        author_id=line.author_id, text=line.text, at=line.at)  # fmt: skip
    for row in reversed(jobs.newest(tx, ref, -1)):
        outcome = codec.outcome.dump_python(row.outcome, mode="json") if row.outcome else None
        yield _json("job", number=row.number, title=row.title, brief=row.brief,
                    requester=row.requester.name, state=card_state(row), outcome=outcome,
                    at=row.created_at)  # fmt: skip
    for info in reversed(list(_commits(tx))):
        yield _json("commit", number=info.number, author=str(info.author), about=info.about,
                    at=info.at, lines=[line.text for line in info.receipt])  # fmt: skip
    for entry in read_prefix(tx, limit=-1, most=-1):
        yield _json("entry", key=entry.key, kind=entry.kind.value, value=entry.value,
                    commit=entry.commit, author=entry.author, at=entry.at)  # fmt: skip
    for file in list_files(tx):
        content = read_file(tx, file.path) or b""
        yield _json("file", path=file.path, executable=file.executable, commit=file.commit,
                    base64=base64.b64encode(content).decode())  # fmt: skip


def _commits(tx: Transaction) -> Iterator[CommitInfo]:
    before: int | None = None
    while found := history(tx, before=before, limit=_PAGE):
        yield from found
        before = found[-1].number


def _json(type_: str, /, **fields: object) -> str:
    return json.dumps({"type": type_, **fields}, ensure_ascii=False)
