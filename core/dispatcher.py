"""The way in: every event is checked, kept durably once, and put into its thread's mailbox."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import structlog

from core.commit_points import CommitPoint, reached
from core.conversation import Arrived, Conversations
from core.errors import BadRequest, StoreError
from core.jobs.admission import Ticket
from core.jobs.supervisor import Jobs
from core.messages import ChannelRef, InboundEvent, Message, ThreadRef
from core.outbox import Outbox
from core.records import inbox, messages
from core.records import jobs as job_rows
from core.records import outbox as outbox_rows
from core.records.inbox import Owed
from core.records.jobs import JobRow
from core.rights import Right, Rights
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.tasks import Tasks

log = structlog.get_logger(__name__)

MAX_TEXT = 100_000
_MAX_ID = 500
# A mark that is cleared and set again costs every message of a live talk two transactions.
QUIET_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What is unfinished in one channel."""

    paused: bool
    owed: tuple[Owed, ...]
    jobs: tuple[JobRow, ...]
    threads: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        # A pause has to be known after the next start, before any job is there to hold back.
        return not (self.paused or self.owed or self.jobs or self.threads)


class Dispatcher:
    """Implements the port Door, and finds the unfinished work after a start."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        rights: Rights,
        conversations: Conversations,
        jobs: Jobs,
        outbox: Outbox,
        tasks: Tasks,
        defaults: ChannelSettings,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._channels = channels
        self._control = control
        self._rights = rights
        self._conversations = conversations
        self._jobs = jobs
        self._outbox = outbox
        self._tasks = tasks
        self._defaults = defaults
        self._accepted: Counter[ChannelRef] = Counter()
        self._accepting: Counter[ChannelRef] = Counter()
        self._quiet_s = quiet_s
        self._to_check: set[ChannelRef] = set()
        conversations.on_idle = outbox.on_idle = self._perhaps_done

    async def accept(self, event: InboundEvent) -> None:
        """Keep the event durably, once, and wake its conversation; see the port."""
        event = _cleaned(event)
        person = event.author if isinstance(event, Message) else event.person
        channel = event.thread.channel
        self._rights.require(Right.USE, person, channel)
        self._accepted[channel] += 1
        self._accepting[channel] += 1
        try:
            reached(CommitPoint.INBOX_BEFORE)
            await self._control.mark(channel)
            fresh = await self._channels.write(channel, partial(_keep, event=event))
            reached(CommitPoint.INBOX_ACCEPTED)
        finally:
            self._accepting[channel] -= 1
            self._accepting += Counter()  # drops what has come to zero
        if fresh:
            self._conversations.deliver(event.thread, Arrived(event=event))

    async def recover(self) -> None:
        """Take up what was unfinished when the process ended; a broken channel is told and left."""
        for channel in await self._control.unfinished():
            try:
                await self._recover(channel)
            except StoreError as error:
                log.error("a channel is left out", channel=str(channel), error=str(error))

    async def _recover(self, channel: ChannelRef) -> None:
        left = await self._channels.read(channel, partial(self._left, channel))
        if left.paused:
            self._jobs.pause(channel)
        for thread in left.threads:
            self._outbox.kick(ThreadRef(channel=channel, thread=thread))
        for row in left.jobs:
            self._jobs.add(Ticket(channel=channel, number=row.number, person=row.requester.id))
        for item in left.owed:
            self._conversations.deliver(item.event.thread, Arrived(event=item.event))
        if left.nothing:
            await self._control.clear(channel)

    def _perhaps_done(self, thread: ThreadRef) -> None:
        channel = thread.channel
        if channel not in self._to_check:
            self._to_check.add(channel)
            asyncio.get_running_loop().call_later(self._quiet_s, self._check, channel)

    def _check(self, channel: ChannelRef) -> None:
        self._to_check.discard(channel)
        self._tasks.spawn(self._clear_if_done(channel), f"clear {channel}")

    async def _clear_if_done(self, channel: ChannelRef) -> None:
        accepted = self._accepted[channel]
        left = await self._channels.read(channel, partial(self._left, channel))
        # What was or is being accepted relies on the mark: then a later idle moment clears it.
        if not self._accepting[channel] and left.nothing and accepted == self._accepted[channel]:
            del self._accepted[channel]
            await self._control.clear(channel)

    def _left(self, channel: ChannelRef, tx: Transaction) -> _Left:
        return _Left(
            paused=effective(tx, self._defaults).paused,
            owed=inbox.owed(tx),
            jobs=job_rows.unfinished(tx, channel),
            threads=outbox_rows.waiting_threads(tx),
        )


def _keep(tx: Transaction, *, event: InboundEvent) -> bool:
    if not inbox.accept(tx, event):
        return False
    if isinstance(event, Message):
        messages.add_message(tx, event)
    return True


def _cleaned(event: InboundEvent) -> InboundEvent:
    """The event with text that every later step can hold. Raises BadRequest."""
    text = event.text or ""
    if len(text) > MAX_TEXT:
        raise BadRequest(
            f"The message has {len(text):,} characters; {MAX_TEXT:,} is the most."
            " Send it in parts, or put it into a file of a source folder."
        )
    if not 0 < len(event.id) <= _MAX_ID:
        raise BadRequest("The message has no usable id.")
    # Lone surrogates cannot be stored as UTF-8, and NUL ends text for much of the world.
    safe = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(event, Message):
        if not safe.strip() and not event.files:
            raise BadRequest("The message is empty.")
        return replace(event, text=safe)
    return replace(event, text=safe if event.text is not None else None)
