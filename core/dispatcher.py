"""The way in: every event is checked, kept durably once, and put into its thread's mailbox."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

import structlog

from core import trace
from core.attachments.landing import Landing
from core.attachments.limits import GONE, NO_ROOM
from core.calm import pressing
from core.changes import Changes
from core.commit_points import CommitPoint, reached
from core.conversation import Arrived, Conversations
from core.entrance import Entrance
from core.errors import DiskFull, StoreError, UnusableFile
from core.intake import cleaned
from core.jobs.supervisor import Jobs
from core.messages import (
    Asking,
    Attachment,
    ChannelRef,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Person,
    Press,
    ThreadRef,
)
from core.outbox import Outbox
from core.primary.turn import Begun
from core.records import inbox, messages
from core.records import outbox as outbox_rows
from core.recovery import PATIENCE_S, Recovery
from core.settings import ChannelSettings
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.state.faults import FAULTS, of_the_world
from core.tasks import Tasks
from core.turnstile import AT_WORK
from core.unfinished import nothing_left

log = structlog.get_logger(__name__)

# After the last answer. A mark that is cleared and set again costs each message of a live talk two
# transactions, and a look for what is left; one that stays costs a start after a kill a look.
QUIET_S = 20.0


_Begin = Callable[[Transaction], Begun | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """An event that is owed an answer, None for others, and its turn if that has begun with it."""

    event: Asking | None
    begun: Begun | None


class Dispatcher:
    """Implements the port Door, and finds the unfinished work after a start."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        entrance: Entrance,
        conversations: Conversations,
        jobs: Jobs,
        outbox: Outbox,
        tasks: Tasks,
        defaults: ChannelSettings,
        landing: Landing,
        landed: Callable[[ChannelRef], Coroutine[object, object, None]],
        forget: Callable[[ChannelRef, int], None],
        clock: Callable[[], float] = time.time,
        patience_s: float = PATIENCE_S,
        quiet_s: float = QUIET_S,
        retry_s: float = 5.0,
    ) -> None:
        self._channels = channels
        self._control = control
        self._entrance = entrance
        self._conversations = conversations
        self._jobs = jobs
        self._outbox = outbox
        self._tasks = tasks
        self._defaults = defaults
        self._landing = landing
        self._landed = landed
        # Threads with a turn that begins as its message is kept.
        self._beginnings: set[ThreadRef] = set()
        self._quiet_s = quiet_s
        self._retry_s = retry_s
        self._changes = Changes(channels, control, conversations, outbox, clock)
        self._to_check: dict[ChannelRef, float] = {}
        self._recovery = Recovery(
            channels=channels, control=control, conversations=conversations, jobs=jobs,
            outbox=outbox, forget=forget, spawn=tasks.spawn, defaults=defaults,
            patience_s=patience_s, retry_s=retry_s,
        )  # fmt: skip
        conversations.on_idle = self._idle
        outbox.on_idle = self._perhaps_done

    async def take(
        self,
        name: str,
        content: AsyncGenerator[bytes, None],
        *,
        size: int | None = None,
        after: Sequence[Attachment] = (),
    ) -> Attachment:
        """Keep a file until its message comes; see the port."""
        return await self._landing.spool.take(name, content, size=size, after=after)

    async def accept(self, event: InboundEvent) -> None:
        """Keep the event durably, once, and wake its conversation; see the port."""
        # First of all: a stranger's too long message gets silence, not advice.
        person = _person(event)
        if person is not None:
            await self._entrance.admit(person, event)
        event = cleaned(event)
        # To the end also when the caller goes away: kept but not handed on, it would get no answer.
        with pressing():
            await self._tasks.finish(self._take(event), f"accept {event.id}")

    async def _take(self, event: InboundEvent) -> None:
        await self._recovery.before(event.thread)
        if isinstance(event, Edit | Deletion):
            await self._changes.take(event)
        else:
            await self._accept(event)

    async def _accept(self, event: Asking) -> None:
        trace.begin(thread=event.thread, message=event.id)
        channel = event.thread.channel
        begin = self._beginning(event)
        try:
            reached(CommitPoint.INBOX_BEFORE)
            async with self._control.giving(channel):
                kept = await self._kept(event, begin)
                reached(CommitPoint.INBOX_ACCEPTED)
            log.info("kept" if kept.event else "known already")
        finally:
            if begin is not None:
                self._beginnings.remove(event.thread)
        stands = kept.event
        if isinstance(stands, Message):
            stands = await self._changes.stands(stands)
        if stands is not None:
            begun = kept.begun if stands is kept.event else None
            self._conversations.deliver(event.thread, Arrived(event=stands, begun=begun))
        if isinstance(event, Message) and event.files:
            self._tasks.spawn(self._landed(channel), f"files of {event.id}")
            await self._landing.spool.discard(event.files)

    def _beginning(self, event: Asking) -> _Begin | None:
        """How its turn begins in the transaction that keeps it, where nothing speaks against it:
        that saves a commit, and a way to the file and back."""
        thread = event.thread
        if thread in self._beginnings or len(self._beginnings) >= AT_WORK:
            return None
        if self._changes.came_before(event):
            return None
        begin = self._conversations.beginning(event)
        if begin is not None:
            self._beginnings.add(thread)
        return begin

    async def _kept(self, event: Asking, begin: _Begin | None) -> _Kept:
        """The event as it is kept, if that is owed an answer."""
        keep = partial(_keep_and_begin, landing=self._landing, begin=begin)
        try:
            return await self._channels.write(event.thread.channel, partial(keep, event=event))
        except (DiskFull, UnusableFile) as error:
            if not (isinstance(event, Message) and event.files):
                raise
            # What was said may still fit.
            problem = NO_ROOM if isinstance(error, DiskFull) else GONE
            files = tuple(replace(file, handle="", problem=problem) for file in event.files)
            bare = replace(event, files=files)
            return await self._channels.write(event.thread.channel, partial(keep, event=bare))

    async def recover(self) -> None:
        """Take up what was unfinished when the process ended."""
        await self._landing.spool.sweep()
        await self._recovery.start()

    async def take_up(self, channel: ChannelRef) -> None:
        """Take up what is unfinished in one channel, now or when its file can be used."""
        await self._recovery.take_up(channel)

    def _idle(self, thread: ThreadRef) -> None:
        self._recovery.idle(thread)
        self._perhaps_done(thread)

    def _perhaps_done(self, thread: ThreadRef) -> None:
        channel, clock = thread.channel, asyncio.get_running_loop()
        if channel not in self._to_check:
            clock.call_later(self._quiet_s, self._check, channel)
        self._to_check[channel] = clock.time()

    def _check(self, channel: ChannelRef) -> None:
        clock = asyncio.get_running_loop()
        left_s = self._to_check[channel] + self._quiet_s - clock.time()
        if left_s > 0:
            clock.call_later(left_s, self._check, channel)
            return
        del self._to_check[channel]
        self._tasks.spawn(self._tidied(channel), f"clear {channel}")

    async def _tidied(self, channel: ChannelRef) -> None:
        try:
            await self._clear_if_done(channel)
        except StoreError as error:
            log.warning("a mark stays", channel=str(channel), error=str(error))

    async def _clear_if_done(self, channel: ChannelRef) -> None:
        given = self._control.given(channel)
        nothing = partial(nothing_left, defaults=self._defaults)
        if await self._channels.glance(channel, nothing):
            await self._control.clear(channel, given)


def _person(event: InboundEvent) -> Person | None:
    """Who does it; a platform does not say who removed a message."""
    match event:
        case Message(author=person) | Edit(author=person) | Press(person=person):
            return person
        case Deletion():
            return None
        case _ as unreachable:
            assert_never(unreachable)


def _keep_and_begin(
    tx: Transaction, *, event: Asking, landing: Landing, begin: _Begin | None
) -> _Kept:
    kept = _keep(tx, event, landing)
    return _Kept(event=kept, begun=None if kept is None or begin is None else _begun(tx, begin))


def _begun(tx: Transaction, begin: _Begin) -> Begun | None:
    """What keeps a turn from beginning must not keep its message out: the turn meets it again, and
    tells."""
    try:
        return begin(tx)
    except FAULTS as error:
        if of_the_world(error):
            raise  # nothing of the transaction may be left
    except Exception:
        # Part of the place around one event.
        log.exception("a turn did not begin with its message")
    return None


def _keep(tx: Transaction, event: Asking, landing: Landing) -> Asking | None:
    if inbox.is_known(tx, event):
        return None
    if not isinstance(event, Message):
        inbox.accept(tx, event)
        return event
    message = landing.land(tx, event) if event.files else event
    inbox.accept(tx, message)
    messages.add_message(tx, message)
    refusals = landing.refusals(message)
    if refusals is not None:
        outbox_rows.put(tx, refusals)
    if not message.text and not any(file.path for file in message.files):
        # It was nothing but files that were not taken, and that is its answer.
        inbox.close(tx, inbox.inbox_id(message))
        return None
    return message
