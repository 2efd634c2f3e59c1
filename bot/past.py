"""Looks at a channel's past and takes commits back, with a bot beside it or without one: `thaw
history` and `thaw undo`. Undoing is the only thing here that writes."""

import os
import pwd
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from bot.checks import printable
from bot.inspect import as_json, named, opened
from core import operator
from core.messages.views import CommitLine
from core.state.commit_views import commit_view, history_view
from core.state.control import known_channels
from core.state.history_text import commit_lines, commit_whole


def history_of(
    root: Path, name: str, key: str | None, before: int | None, limit: int, *, in_json: bool
) -> Iterator[str]:
    """Yield the newest commits, of one key with what they did to it. Raises ThawError."""
    with opened(root, named(known_channels(root), name)) as tx:
        found = history_view(tx, key, before, limit)
    for line in found.lines:
        if in_json:
            yield _commit(line)
        else:
            yield from map(printable, commit_lines(line))
    if found.more and not in_json:
        yield f"older ones: --before {found.lines[-1].commit}"
    if not found.lines and not in_json:
        yield "nothing was changed" + ("" if key is None else f" under {printable(key)}")


def commit_of(root: Path, name: str, number: int, *, in_json: bool) -> Iterator[str]:
    """Yield one commit with all that it changed. Raises ThawError."""
    with opened(root, named(known_channels(root), name)) as tx:
        found = commit_view(tx, number)
    if in_json:
        yield _commit(found.line)
    else:
        yield from map(printable, commit_whole(found.line, found.beyond))


def undo_of(root: Path, name: str, commit: int, by: str | None, *, in_json: bool) -> Iterator[str]:
    """Undo a commit as the operator, who is `by` or the user of this process; yield what that
    did. Raises ThawError."""
    channel = named(known_channels(root), name)
    person = operator.operator(by or user())
    source = f"operator:{uuid.uuid4().hex}"
    merged = operator.undo(root, channel, commit, person, time.time(), source)
    lines = [line.text for line in merged.receipt]
    if in_json:
        yield as_json(
            "undo", channel=str(channel), commit=merged.commit, undoes=commit,
            author=person.name, lines=lines, conflicts=merged.conflicts,
        )  # fmt: skip
        return
    yield f"{channel}: undid commit {commit}; this is commit {merged.commit}, by {person.name}"
    yield from (f"  {printable(line)}" for line in lines)
    yield f"take it back with: thaw undo {channel} {merged.commit}"


def _commit(line: CommitLine) -> str:
    return as_json(
        "commit", number=line.commit, author=line.author, job=line.job, base=line.base,
        about=line.about, asked=line.asked, at=line.at, undoes=line.undoes,
        undone_by=line.undone_by, lines=line.lines,
        changes=[asdict(change) for change in line.changes],
    )  # fmt: skip


def user() -> str:
    """Who runs this process."""
    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return f"user {os.getuid()}"
