"""Answers what a page asks to see. Reads only; implements the port Window."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import assert_never

from core import settings
from core.approval_views import approvals_view
from core.errors import BadRequest
from core.jobs.job import Completed
from core.jobs.supervisor import Jobs
from core.messages import Card, ChannelRef
from core.messages import queries as q
from core.messages import views as v
from core.model.budget import Ledger
from core.ports import Transcripts
from core.posts import card, outcome_whole
from core.records import jobs, messages
from core.records.jobs import JobRow
from core.settings import ChannelSettings
from core.state import commit_views
from core.state import views as state_views
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.state.facts import head
from core.state.files import read_file
from core.state.moments import check_commit, moment
from core.state.questions import conflicts_view

_MOST_CHANNELS = 200
_MOST_LINES = 1000
# So few messages are not worth a connection of their own, which takes a seventh of a megabyte.
_FEW = 10

_InFile = (
    q.ListThreads
    | q.ReadMessages
    | q.ListJobs
    | q.ReadState
    | q.ReadFile
    | q.ReadHistory
    | q.ReadCommit
    | q.ListConflicts
    | q.ListApprovals
    | q.ReadSettings
)


class ChannelWindow:
    """The core as a page sees it."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        jobs: Jobs,
        transcripts: Transcripts,
        ledger: Ledger,
        defaults: ChannelSettings,
        clock: Callable[[], float],
    ) -> None:
        self._channels = channels
        self._control = control
        self._jobs = jobs
        self._transcripts = transcripts
        self._ledger = ledger
        self._defaults = defaults
        self._clock = clock

    async def look(self, query: q.Query) -> v.View:
        """Answer; see the port."""
        if isinstance(query, q.ListChannels):
            return await self._list_channels(query.platform)
        if isinstance(query, q.ReadSpend):
            return await self._spend(query.channel)
        # A look at a channel where nothing was said yet must not make a file for it.
        if not await self._channels.exists(query.channel):
            return self._of_nothing(query)
        if isinstance(query, q.ReadJob):
            return await self._read_job(query)
        few = isinstance(query, q.ReadMessages) and query.limit <= _FEW
        read = self._channels.look if few else self._channels.read
        return await read(query.channel, partial(self._read, query))

    async def _spend(self, channel: ChannelRef) -> v.Spend:
        now = self._defaults
        if await self._channels.exists(channel):
            effective = partial(settings.effective, defaults=self._defaults)
            now = await self._channels.read(channel, effective)
        return v.Spend(lines=await self._ledger.spend(channel, None, self._clock(), now.timezone))

    async def _list_channels(self, platform: str) -> v.Channels:
        known = await self._control.known(platform)
        paths = [(ref, self._channels.path(ref)) for ref in known]
        newest = await asyncio.to_thread(_newest, paths)
        return v.Channels(
            lines=tuple(
                v.ChannelLine(channel=ref, at=at, running=self._jobs.running(ref))
                for ref, at in newest
            )
        )

    async def _read_job(self, query: q.ReadJob) -> v.JobView:
        row = await self._channels.read(
            query.channel, partial(jobs.read, channel=query.channel, number=query.number)
        )
        if row is None:
            raise BadRequest(f"There is no job {query.number} here.")
        steps = await self._transcripts.steps(row.id)
        return v.JobView(
            card=self._card(row),
            brief=row.brief,
            outcome=outcome_whole(row.outcome) if row.outcome else "",
            result=row.outcome.result if isinstance(row.outcome, Completed) else "",
            base_commit=row.base_commit,
            steps=steps,
        )

    def _read(self, query: _InFile, tx: Transaction) -> v.View:
        channel = query.channel
        match query:
            case q.ListThreads():
                return v.Threads(lines=messages.threads(tx, channel))
            case q.ReadMessages(thread=thread, after=after, before=before, limit=limit):
                lines = messages.read(
                    tx, channel, thread=thread, after=after, before=before,
                    limit=_lines(limit),
                )  # fmt: skip
                root = messages.root(tx, channel, thread) if thread and before is not None else None
                return v.Messages(lines=lines, newest=messages.newest(tx), root=root)
            case q.ListJobs(limit=limit):
                rows = jobs.newest(tx, channel, _lines(limit))
                return v.Jobs(cards=tuple(self._card(row) for row in rows))
            case q.ReadState(when=str() as when, prefix=prefix):
                then = moment(tx, when, self._clock())
                return state_views.state_view(tx, prefix, then.commit, then.words)
            case q.ReadState(prefix=prefix, at=at):
                return state_views.state_view(tx, prefix, at)
            case q.ReadFile(path=path, at=at):
                return _file(tx, path, at)
            case q.ReadHistory(key=key, before=before, limit=limit):
                return commit_views.history_view(tx, key, before, _lines(limit))
            case q.ReadCommit(number=number):
                return commit_views.commit_view(tx, number)
            case q.ListConflicts():
                return conflicts_view(tx)
            case q.ListApprovals():
                return approvals_view(tx, channel)
            case q.ReadSettings():
                return v.Settings(lines=settings.lines(tx, self._defaults))
            case _ as unreachable:
                assert_never(unreachable)

    def _of_nothing(self, query: _InFile | q.ReadJob) -> v.View:
        match query:
            case q.ListThreads():
                return v.Threads(lines=())
            case q.ReadMessages():
                return v.Messages(lines=(), newest=0)
            case q.ListJobs():
                return v.Jobs(cards=())
            case q.ReadState(when=None, at=None) | q.ReadState(when=None, at=0):
                return v.StateView(commit=0, entries=(), files=())
            case q.ReadFile() | q.ReadJob() | q.ReadCommit() | q.ReadState():
                raise BadRequest("There is nothing in this channel yet.")
            case q.ReadHistory():
                return v.History(lines=())
            case q.ListConflicts():
                return v.Conflicts(lines=())
            case q.ListApprovals():
                return v.Approvals(waiting=(), standing=())
            case q.ReadSettings():
                return v.Settings(lines=settings.described(self._defaults, {}))
            case _ as unreachable:
                assert_never(unreachable)

    def _card(self, row: JobRow) -> Card:
        live = self._jobs.live(row.thread.channel, row.number)
        return card(row) if live is None else card(row, live.progress, live.moves)


def _newest(paths: Iterable[tuple[ChannelRef, Path]]) -> list[tuple[ChannelRef, float]]:
    """The channels last written to, by their files' times: ten thousand need not be opened."""
    found = []
    for ref, path in paths:
        times = [_time(path), _time(path.with_name(f"{path.name}-wal"))]
        found.append((ref, max(times)))
    found.sort(key=lambda one: one[1], reverse=True)
    return found[:_MOST_CHANNELS]


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _file(tx: Transaction, path: str, at: int | None) -> v.FileView:
    commit = head(tx) if at is None else check_commit(tx, at)
    content = read_file(tx, path, commit)
    if content is None:
        when = "" if at is None else f" at commit {at}"
        raise BadRequest(f"There is no file {path[:200]!r} here{when}.")
    return v.FileView(path=path, content=content, commit=commit)


def _lines(limit: int) -> int:
    # To SQLite a negative limit is none.
    return max(0, min(limit, _MOST_LINES))
