"""Takes up what was unfinished when the process ended: one channel after another behind the open
door, first those that people speak in. Does none of the work itself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from core.conversation import Arrived, Conversations
from core.errors import StoreError
from core.jobs.admission import Ticket
from core.jobs.supervisor import Jobs
from core.messages import ChannelRef, ThreadRef
from core.outbox import Outbox
from core.records import inbox
from core.settings import ChannelSettings
from core.state.channels import Channels
from core.state.control import Control
from core.tasks import Spawn
from core.unfinished import Unfinished, look

log = structlog.get_logger(__name__)

PATIENCE_S = 0.5
"""So long the door stays shut for it: in all usual cases long enough for everything."""
MOST_ANSWERED = 64
"""Conversations with events from before the start that are worked on at once: what comes in now is
not to wait behind ten thousand of them, nor is a model's server to get them all at once."""
_PAGE = 100
_LONGEST_PAUSE_S = 0.01
_LONGEST_WAIT_S = 600.0


class Recovery:
    """`forget` carries a confirmed wish on; it is called before the channel's mark can go."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        conversations: Conversations,
        jobs: Jobs,
        outbox: Outbox,
        forget: Callable[[ChannelRef, int], None],
        spawn: Spawn,
        defaults: ChannelSettings,
        patience_s: float = PATIENCE_S,
        retry_s: float = 5.0,
    ) -> None:
        self._channels = channels
        self._control = control
        self._conversations = conversations
        self._jobs = jobs
        self._outbox = outbox
        self._forget = forget
        self._spawn = spawn
        self._look = partial(look, defaults=defaults)
        self._patience_s = patience_s
        self._retry_s = retry_s
        # Both in the order in which they are served, unless somebody asks for one of them.
        self._left: dict[ChannelRef, None] = {}
        self._owed: dict[ThreadRef, list[str]] = {}
        self._busy: dict[ChannelRef | ThreadRef, asyncio.Event] = {}
        # What could not be read: it is tried again after a while, or when somebody comes there.
        self._failed: dict[ChannelRef | ThreadRef, StoreError] = {}
        self._stuck: dict[ThreadRef, list[str]] = {}
        self._answered: set[ThreadRef] = set()
        self._place = asyncio.Event()
        self._answering = False

    async def start(self) -> None:
        """Begin with all marked channels; returns when they are taken up, or patience is over."""
        self._left = dict.fromkeys(await self._control.unfinished())
        done = asyncio.Event()
        self._spawn(self._all(done), "take up what is unfinished")
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await done.wait()

    async def before(self, thread: ThreadRef) -> None:
        """Return when nothing that came earlier in the thread is still to be taken up.

        Raises StoreError when that cannot be read now: what comes does not pass it.
        """
        if self._left or self._busy or self._owed or self._failed:
            await self._channel(thread.channel)
            await self._thread(thread)
        trouble = self._failed.get(thread.channel) or self._failed.get(thread)
        if trouble is not None:
            raise StoreError(f"what was said before cannot be read: {trouble}")

    async def take_up(self, channel: ChannelRef) -> None:
        """Take up one channel, now or when its file can be used."""
        self._left[channel] = None
        await self._channel(channel)

    def idle(self, thread: ThreadRef) -> None:
        """A conversation has nothing to do any more."""
        if thread in self._answered:
            self._answered.remove(thread)
            self._place.set()

    async def _all(self, done: asyncio.Event) -> None:
        began, count = _now(), len(self._left)
        while self._left:
            before = _now()
            begun = await self._channel(next(iter(self._left)), clear=True)
            if begun or before - began > self._patience_s:
                # Half of the time is for what goes on, and for those who come in by the open door.
                await asyncio.sleep(min(_now() - before, _LONGEST_PAUSE_S))
        done.set()
        took = round(_now() - began, 3)
        log.info("all unfinished work is taken up", channels=count, seconds=took)

    async def _channel(self, channel: ChannelRef, *, clear: bool = False) -> bool:
        """Take the channel up, unless that is done; wait if it is being done. Returns whether it
        had unfinished work.

        `clear`: nothing can have been accepted yet, so the mark may go if nothing is unfinished.
        """
        waited = await self._over(channel)
        if channel not in self._left and (waited or channel not in self._failed):
            return False
        self._left.pop(channel, None)
        over = self._busy[channel] = asyncio.Event()
        try:
            begun = await self._take(channel, clear=clear)
            self._failed.pop(channel, None)
        except StoreError as error:
            log.error("a channel has to wait", channel=str(channel), error=str(error))
            if channel not in self._failed:
                self._spawn(self._later(channel), f"recover {channel}")
            self._failed[channel] = error
            return False
        else:
            return begun
        finally:
            del self._busy[channel]
            over.set()

    async def _over(self, what: ChannelRef | ThreadRef) -> bool:
        """Wait until nobody is at it any more; whether somebody was."""
        waited = False
        while (busy := self._busy.get(what)) is not None:
            await busy.wait()
            waited = True
        return waited

    async def _later(self, channel: ChannelRef) -> None:
        wait = self._retry_s
        while channel in self._failed:
            await asyncio.sleep(wait)
            await self._channel(channel)
            wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _take(self, channel: ChannelRef, *, clear: bool) -> bool:
        """Whether there was something to take up. A broken channel is told and left.

        Raises StoreError.
        """
        try:
            given = self._control.given(channel)
            found = await self._channels.glance(channel, self._look)
            self._begin(channel, found)
            if clear and found.nothing:
                with suppress(StoreError):  # a mark that stays costs a look at the next start
                    await self._control.clear(channel, given)
        except StoreError:
            raise
        except Exception:
            # Around one channel: what is broken in its file must not keep the others out.
            log.exception("a channel is left out", channel=str(channel))
            return False
        else:
            return not found.nothing

    def _begin(self, channel: ChannelRef, found: Unfinished) -> None:
        for number in found.forgets:
            self._forget(channel, number)
        if found.paused:
            self._jobs.hold(channel, True)
        for thread in found.shown:
            self._outbox.kick(ThreadRef(channel=channel, thread=thread))
        for one in found.waits:
            ticket = Ticket(channel=channel, number=one.job, person=one.person)
            self._jobs.wait(ticket, one.until)
        for number, person in found.wanted:
            self._jobs.take_up(Ticket(channel=channel, number=number, person=person))
        for name, id in found.owed:
            self._owed.setdefault(ThreadRef(channel=channel, thread=name), []).append(id)
        self._answer_soon()

    def _answer_soon(self) -> None:
        if self._owed and not self._answering:
            self._answering = True
            self._spawn(self._answer(), "answer what was said before the start")

    async def _answer(self) -> None:
        """Hand the events out, so many conversations at once."""
        while self._owed:
            if len(self._answered) < MOST_ANSWERED:
                await self._thread(next(iter(self._owed)))
            else:
                self._place.clear()
                await self._place.wait()
        self._answering = False

    async def _thread(self, thread: ThreadRef) -> None:
        """Hand out what is owed in the thread, unless that is done; wait if it is being done."""
        known = () if await self._over(thread) else self._stuck.get(thread, ())
        ids = [*dict.fromkeys((*known, *self._owed.pop(thread, ())))]
        if not ids:
            return
        over = self._busy[thread] = asyncio.Event()
        try:
            await self._hand_out(thread, ids)
            self._stuck.pop(thread, None)
            self._failed.pop(thread, None)
        except StoreError as error:
            log.error("a thread has to wait", thread=str(thread), error=str(error))
            if thread not in self._stuck:
                self._spawn(self._thread_later(thread), f"recover {thread}")
            self._stuck[thread], self._failed[thread] = ids, error
        finally:
            del self._busy[thread]
            over.set()

    async def _thread_later(self, thread: ThreadRef) -> None:
        while thread in self._stuck:
            await asyncio.sleep(self._retry_s)
            await self._thread(thread)

    async def _hand_out(self, thread: ThreadRef, ids: list[str]) -> None:
        """Hand these out; what is handed out is among them no more, also when it fails."""
        while ids:
            read = partial(inbox.owed_of, ids=ids[:_PAGE])
            for item in await self._channels.read(thread.channel, read):
                if item.event is None:
                    log.error("an event cannot be read", thread=str(thread), event=item.id)
                    continue
                self._answered.add(thread)
                self._conversations.deliver(thread, Arrived(event=item.event))
            del ids[:_PAGE]


def _now() -> float:
    return asyncio.get_running_loop().time()
