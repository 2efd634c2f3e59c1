"""Carries out what was confirmed to be forgotten, step by step, also after a kill: every step may
be done again. Asks nobody and checks no rights."""

import asyncio
import json
import math
from collections.abc import Callable
from functools import partial
from typing import assert_never

import structlog

from core.errors import StoreError
from core.forgetting import traces as recognised
from core.forgetting.traces import Traces
from core.jobs.admission import Ticket
from core.jobs.supervisor import Jobs, Stop
from core.messages import ChannelRef, Post, PostKind, StateMoved, ThreadRef
from core.outbox import Outbox
from core.ports import Memories
from core.records import approvals, forget, forgettings, places
from core.records import jobs as job_rows
from core.records import outbox as outbox_rows
from core.records.forgettings import Forgetting, Stage, What
from core.search.forgetting import scrub
from core.state import blobs
from core.state import forget as state
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.state.space import wipe
from core.tasks import Spawn

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 600.0


class Forgetter:
    """One task for each wish that was confirmed."""

    def __init__(
        self,
        *,
        channels: Channels,
        memories: Memories,
        jobs: Jobs,
        outbox: Outbox,
        spawn: Spawn,
        clock: Callable[[], float],
        retry_s: float = 5.0,
    ) -> None:
        self._channels = channels
        self._memories = memories
        self._jobs = jobs
        self._outbox = outbox
        self._spawn = spawn
        self._clock = clock
        self._retry_s = retry_s

    def start(self, channel: ChannelRef, number: int) -> None:
        """Carry it out; it is confirmed, durably."""
        self._spawn(self._to_the_end(channel, number), f"forget {channel} {number}")

    async def _to_the_end(self, channel: ChannelRef, number: int) -> None:
        wait = self._retry_s
        while True:
            try:
                await self._carry_out(channel, number)
                return
            except StoreError as error:
                log.error("forgetting has to wait", channel=str(channel), error=str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _carry_out(self, channel: ChannelRef, number: int) -> None:
        one = await self._channels.read(channel, partial(forgettings.read, number=number))
        if one is None or one.stage in (Stage.ASKED, Stage.DONE):
            return
        if one.stage is Stage.GOING:
            match one.what:
                case What.KEY:
                    await self._forget_key(channel, one)
                case What.PERSON:
                    await self._forget_person(channel, one)
                case What.CHANNEL:
                    await self._forget_channel(channel, one)
                case _ as unreachable:
                    assert_never(unreachable)
            for waits in await self._channels.write(channel, partial(_removed, one)):
                self._outbox.kick(ThreadRef(channel=channel, thread=waits))
        while await self._channels.write(channel, scrub):
            pass
        await self._channels.run(channel, wipe)
        thread = ThreadRef(channel=channel, thread=one.thread)
        at = self._clock()
        commit = await self._channels.write(channel, partial(_told, one, thread, at))
        self._outbox.kick(thread)
        moved = StateMoved(channel=channel, commit=commit)
        await self._outbox.hint_channel(channel, moved)

    async def _forget_key(self, channel: ChannelRef, one: Forgetting) -> None:
        found = recognised.undump(one.traces)
        write = partial(self._channels.write, channel)
        while await write(partial(state.forget_step, name=one.name)):
            pass
        # Jobs that read it until now are found; from here on there is nothing to read.
        await self._forget_jobs(channel, one, found)
        await self._walk(channel, partial(forget.quotes_step, traces=found))
        await self._walk(
            channel,
            partial(forget.jobs_step, channel=channel, told=lambda _, text: found.in_text(text)),
        )
        await write(partial(forget.steering, told=lambda _, text: found.in_text(text)))
        await write(partial(approvals.forget_quotes, quotes=found.in_text))
        await self._walk(
            channel,
            partial(state.receipts_step, tells=found.in_line, quotes=found.in_text),
        )
        await self._collect(channel)

    async def _forget_person(self, channel: ChannelRef, one: Forgetting) -> None:
        write = partial(self._channels.write, channel)
        theirs = await self._channels.read(channel, partial(forget.messages_of, person=one.name))
        shown, asked = await self._channels.read(
            channel, partial(_shown_to, person=one.name, upto=one.upto)
        )
        await self._end_jobs(channel, one, shown)
        await self._forget_files(channel, one)
        await self._walk(channel, partial(forget.person_step, person=one.name, upto=one.upto))
        await self._walk(
            channel,
            partial(forget.jobs_step, channel=channel, told=lambda number, _: number in asked),
        )
        await write(
            partial(forget.steering, told=lambda id, _: id.removeprefix("message:") in theirs)
        )
        await write(partial(approvals.forget_person, person=one.name))
        await write(partial(_forget_titles, asked=asked))

    async def _forget_files(self, channel: ChannelRef, one: Forgetting) -> None:
        """What came with a person's messages goes as a path that is forgotten does."""
        found = recognised.undump(one.traces)
        if not found.keys:
            return
        for path in found.keys:
            while await self._channels.write(channel, partial(state.forget_file_step, path=path)):
                pass
        await self._walk(
            channel, partial(state.receipts_step, tells=found.in_line, quotes=found.in_text)
        )
        await self._walk(channel, partial(forget.quotes_step, traces=found))
        await self._collect(channel)

    async def _forget_channel(self, channel: ChannelRef, one: Forgetting) -> None:
        numbers = await self._channels.read(channel, job_rows.ids)
        await self._end_jobs(channel, one, numbers)
        write = partial(self._channels.write, channel)
        for step in (
            state.past_step, state.commits_step, partial(forget.all_step, upto=one.upto)
        ):  # fmt: skip
            while await write(step):
                pass
        await write(forget.all_else)
        item: str | None = ""
        while item is not None:
            item = await write(partial(places.prune, after=item, before=math.inf))
        await self._collect(channel)

    async def _forget_jobs(self, channel: ChannelRef, one: Forgetting, found: Traces) -> None:
        """Stop the jobs that saw it, and remove what they left."""
        saw = [
            (number, id)
            for number, id in await self._channels.read(channel, job_rows.ids)
            if await self._memories.saw(id, found)
        ]
        await self._end_jobs(channel, one, saw)

    async def _end_jobs(
        self,
        channel: ChannelRef,
        one: Forgetting,
        numbers: tuple[tuple[int, str], ...] | list[tuple[int, str]],
    ) -> None:
        """Stop those that run; when nothing of them is there any more their folders go."""
        by = f"{one.by}, who wanted forgotten what it had seen"
        for number, _ in numbers:
            stop = await self._channels.write(
                channel, partial(_stop, channel=channel, number=number, by=by)
            )
            if stop is not None:
                self._jobs.stop(stop)
        for _, id in numbers:
            await self._memories.forget(id)

    async def _walk(self, channel: ChannelRef, step: Callable[..., int | None]) -> None:
        place: int | None = 0
        while place is not None:
            place = await self._channels.write(channel, partial(_step, step, place))

    async def _collect(self, channel: ChannelRef) -> None:
        while True:
            found = await self._channels.read(channel, blobs.orphans)
            for place in range(len(found.blobs)):
                if not await self._channels.write(
                    channel, partial(blobs.collect, found=found, place=place)
                ):
                    break
            else:
                return


def _step(step: Callable[..., int | None], place: int, tx: Transaction) -> int | None:
    return step(tx, place)


def _removed(one: Forgetting, tx: Transaction) -> tuple[str, ...]:
    """Nothing is left to be read; returns the threads where posts are to be shown again."""
    forgettings.removed(tx, one.number)
    return outbox_rows.waiting_threads(tx)


def _told(one: Forgetting, thread: ThreadRef, at: float, tx: Transaction) -> int:
    """The end: it is said what was forgotten. Returns the head."""
    forgettings.done(tx, one.number)
    post = Post(
        id=f"reply:forget:{one.number}",
        thread=thread,
        kind=PostKind.NOTICE,
        text=f"Forgotten for good, as {one.by} wished:\n\n{one.shown}",
        at=at,
    )
    outbox_rows.put(tx, post)
    return head(tx)


def _stop(tx: Transaction, *, channel: ChannelRef, number: int, by: str) -> Stop | None:
    row = job_rows.read(tx, channel, number)
    if row is None or row.outcome is not None:
        return None
    job_rows.ask_stop(tx, number, by)
    ticket = Ticket(channel=channel, number=number, person=row.requester.id)
    return Stop(ticket=ticket, thread=row.thread, by=by)


def _shown_to(
    tx: Transaction, *, person: str, upto: int
) -> tuple[tuple[tuple[int, str], ...], frozenset[int]]:
    """The jobs whose snapshot shows a message of the person's or that they asked for until then,
    and the numbers of the latter. What they ask for meanwhile is not meant."""
    rows = tx.execute(
        "SELECT number, id, asked FROM (SELECT *, requester_id = ?1"
        "  AND (message NOT GLOB 'message:*' OR coalesce((SELECT m.seq FROM messages AS m"
        "   WHERE m.id = substr(jobs.message, 9)), 0) <= ?2) AS asked FROM jobs)"
        " WHERE asked OR (attempt > 0 AND base_message >="
        " (SELECT min(seq) FROM messages WHERE author_id = ?1 AND seq <= ?2)) ORDER BY number",
        (person, upto),
    ).fetchall()
    shown = tuple((number, id) for number, id, _ in rows)
    return shown, frozenset(number for number, _, asked in rows if asked)


def _forget_titles(tx: Transaction, *, asked: frozenset[int]) -> None:
    tx.execute(
        "UPDATE commits SET about = '(forgotten)' WHERE job IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(asked)),),
    )
