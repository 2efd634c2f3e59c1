"""The way in: every event is checked, kept durably once, and put into its thread's mailbox."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import assert_never

import structlog

from core import trace
from core.attachments.landing import Landing
from core.attachments.limits import GONE, NO_ROOM
from core.changes import Changes
from core.commit_points import CommitPoint, reached
from core.conversation import Arrived, Conversations
from core.entrance import Entrance
from core.errors import DiskFull, StoreError, UnusableFile
from core.intake import cleaned
from core.jobs.admission import Ticket
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
from core.records import forgettings, inbox, messages, questions
from core.records import jobs as job_rows
from core.records import outbox as outbox_rows
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.tasks import Tasks

log = structlog.get_logger(__name__)

# A mark that is cleared and set again costs every message of a live talk two transactions.
QUIET_S = 5.0
_PAGE = 100
_LONGEST_WAIT_S = 600.0


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
        clock: Callable[[], float] = time.time,
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
        self._accepted: Counter[ChannelRef] = Counter()
        self._accepting: Counter[ChannelRef] = Counter()
        self._quiet_s = quiet_s
        self._retry_s = retry_s
        self._changes = Changes(channels, conversations, outbox, clock)
        self._to_check: set[ChannelRef] = set()
        conversations.on_idle = outbox.on_idle = self._perhaps_done

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
        if isinstance(event, Edit | Deletion):
            work = self._changes.take(event)
        else:
            work = self._accept(event)
        # To the end also when the caller goes away: kept but not handed on, it would get no answer.
        await self._tasks.finish(work, f"accept {event.id}")

    async def _accept(self, event: Asking) -> None:
        trace.begin(thread=event.thread, message=event.id)
        channel = event.thread.channel
        self._accepted[channel] += 1
        self._accepting[channel] += 1
        try:
            reached(CommitPoint.INBOX_BEFORE)
            await self._control.mark(channel)
            fresh = await self._kept(event)
            reached(CommitPoint.INBOX_ACCEPTED)
        finally:
            self._accepting[channel] -= 1
            if not self._accepting[channel]:
                del self._accepting[channel]
        stands = fresh
        if isinstance(stands, Message):
            stands = await self._changes.stands(stands)
        if stands is not None:
            self._conversations.deliver(event.thread, Arrived(event=stands))
        if isinstance(event, Message) and event.files:
            self._tasks.spawn(self._landed(channel), f"files of {event.id}")
            await self._landing.spool.discard(event.files)

    async def _kept(self, event: Asking) -> Asking | None:
        """The event as it is kept, if that is owed an answer."""
        keep = partial(_keep, landing=self._landing)
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
        """Take up what was unfinished when the process ended; a broken channel is told and left."""
        await self._landing.spool.sweep()
        for channel in await self._control.unfinished():
            await self.take_up(channel)

    async def take_up(self, channel: ChannelRef) -> None:
        """Take up what is unfinished in one channel, now or when its file can be used."""
        if not await self._recovered(channel):
            self._tasks.spawn(self._recover_later(channel), f"recover {channel}")

    async def _recovered(self, channel: ChannelRef) -> bool:
        """False when its file cannot be used now."""
        try:
            await self._recover(channel)
        except StoreError as error:
            log.error("a channel has to wait", channel=str(channel), error=str(error))
            return False
        except Exception:
            # Around one channel: what is broken in its file must not keep the others out.
            log.exception("a channel is left out", channel=str(channel))
        return True

    async def _recover_later(self, channel: ChannelRef) -> None:
        wait = self._retry_s
        await asyncio.sleep(wait)
        while not await self._recovered(channel):
            wait = min(2 * wait, _LONGEST_WAIT_S)
            await asyncio.sleep(wait)

    async def _recover(self, channel: ChannelRef) -> None:
        if await self._channels.read(channel, self._paused):
            self._jobs.hold(channel, True)
        for thread in await self._channels.read(channel, outbox_rows.waiting_threads):
            self._outbox.kick(ThreadRef(channel=channel, thread=thread))
        wanted, waiting = await self._channels.read(channel, _unfinished_jobs)
        for one in waiting:
            ticket = Ticket(channel=channel, number=one.job, person=one.person)
            self._jobs.wait(ticket, one.until)
        for number, person in wanted:
            self._jobs.add(Ticket(channel=channel, number=number, person=person))
        place = 0
        while page := await self._channels.read(
            channel, partial(inbox.owed, after=place, limit=_PAGE)
        ):
            place = page[-1].place
            for item in page:
                if item.event is None:
                    log.error("an event cannot be read", channel=str(channel), event=item.id)
                else:
                    self._conversations.deliver(item.event.thread, Arrived(event=item.event))
        await self._clear_if_done(channel)

    def _perhaps_done(self, thread: ThreadRef) -> None:
        channel = thread.channel
        if channel not in self._to_check:
            self._to_check.add(channel)
            asyncio.get_running_loop().call_later(self._quiet_s, self._check, channel)

    def _check(self, channel: ChannelRef) -> None:
        self._to_check.discard(channel)
        self._tasks.spawn(self._tidied(channel), f"clear {channel}")

    async def _tidied(self, channel: ChannelRef) -> None:
        try:
            await self._clear_if_done(channel)
        except StoreError as error:
            log.warning("a mark stays", channel=str(channel), error=str(error))

    async def _clear_if_done(self, channel: ChannelRef) -> None:
        accepted = self._accepted[channel]
        done = await self._channels.read(channel, self._nothing_left)
        # What was or is being accepted relies on the mark: then a later idle moment clears it.
        if channel not in self._accepting and done and accepted == self._accepted[channel]:
            del self._accepted[channel]
            await self._control.clear(channel)

    def _paused(self, tx: Transaction) -> bool:
        return effective(tx, self._defaults).paused

    def _nothing_left(self, tx: Transaction) -> bool:
        # A pause has to be known after the next start, before any job is there to hold back.
        return not (
            self._paused(tx)
            or inbox.owed(tx, limit=1)
            or job_rows.wanted(tx, limit=1)
            or outbox_rows.waiting_threads(tx)
            or forgettings.under_way(tx)
        )


def _person(event: InboundEvent) -> Person | None:
    """Who does it; a platform does not say who removed a message."""
    match event:
        case Message(author=person) | Edit(author=person) | Press(person=person):
            return person
        case Deletion():
            return None
        case _ as unreachable:
            assert_never(unreachable)


def _unfinished_jobs(
    tx: Transaction,
) -> tuple[list[tuple[int, str]], tuple[questions.Waits, ...]]:
    """The jobs that want a place, and those that wait for an answer."""
    waiting = questions.waiting(tx)
    numbers = {one.job for one in waiting}
    return [job for job in job_rows.wanted(tx) if job[0] not in numbers], waiting


def _keep(tx: Transaction, *, event: Asking, landing: Landing) -> Asking | None:
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
