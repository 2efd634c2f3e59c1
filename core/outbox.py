"""The one door out: shows what was promised, in order per thread, again until it is shown."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from core import trace
from core.calm import calm
from core.commit_points import CommitPoint, reached
from core.errors import DeliveryFailed, DeliveryRefused, StoreError, said
from core.messages import ChannelRef, Hint, Outbound, StreamText, ThreadRef
from core.outages import Outage
from core.ports import Adapter
from core.records import outbox as rows
from core.records.outbox import Waiting
from core.state.channels import Channels
from core.state.database import Transaction
from core.tasks import Spawn

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 60.0
_LONGEST_ASKED_S = 3600.0
_BATCH = 50
# An item at which a platform's library breaks so often is not what it breaks at by chance.
_MOST_BUGS = 8


class Outbox:
    """Sends what waits in the channels' outboxes. One asyncio task per thread, only while there is
    something to send; a platform that is down delays its own threads only."""

    def __init__(
        self,
        channels: Channels,
        adapters: Mapping[str, Adapter],
        spawn: Spawn,
        first_wait_s: float = 0.5,
    ) -> None:
        self._channels = channels
        self._adapters = adapters
        self._spawn = spawn
        self._first_wait_s = first_wait_s
        self._kicked: dict[ThreadRef, bool] = {}
        self._since: dict[ThreadRef, float] = {}
        # What its platform shows in its turn: id and version. In the file it waits.
        self._in_turn = defaultdict[ThreadRef, set[tuple[str, int]]](set)
        self._outages = defaultdict[str, Outage](Outage)
        self.on_idle: Callable[[ThreadRef], None] = _ignore
        self.on_refused: Callable[[ThreadRef, Outbound | None, str], None] = _ignore_refused

    def kick(self, thread: ThreadRef, known: Sequence[Waiting] = ()) -> None:
        """Something was put into the thread's outbox: send it soon.

        `known`, given right after its commit, is all that waits there; without it the outbox is
        read.
        """
        running = thread in self._kicked
        self._kicked[thread] = True
        if not running:
            self._since[thread] = time.monotonic()
            self._spawn(self._send_all(thread, known), f"outbox {thread}")

    def backlog(self) -> tuple[int, float]:
        """In how many threads something is to be shown, and for how many seconds in the oldest."""
        oldest = min(self._since.values(), default=None)
        return len(self._since), 0.0 if oldest is None else time.monotonic() - oldest

    async def hint(self, thread: ThreadRef, hint: Hint) -> None:
        """Show something that may be lost."""
        if isinstance(hint, StreamText) and thread in self._kicked:
            return  # what begins to show now would stand above what waits to be shown
        adapter = self._adapters.get(thread.channel.platform)
        if adapter is not None:
            await adapter.show(hint)

    async def hint_channel(self, channel: ChannelRef, hint: Hint) -> None:
        """Show something about a channel that may be lost."""
        await self.hint(ThreadRef(channel=channel, thread=""), hint)

    async def _send_all(self, thread: ThreadRef, known: Sequence[Waiting]) -> None:
        trace.begin(thread=thread)
        wait = self._first_wait_s
        try:
            while self._kicked.get(thread):
                self._kicked[thread] = False
                try:
                    if known:
                        # After a failure it is read again: it may have changed meanwhile.
                        now, known = known, ()
                        for item in now:
                            await self._send(thread, item)
                    else:
                        await self._send_waiting(thread)
                    wait = self._first_wait_s
                except (DeliveryFailed, StoreError) as error:
                    self._kicked[thread] = True
                    if isinstance(error, StoreError):
                        log.warning("nothing is sent now", thread=str(thread), error=str(error))
                    await self._rest(thread, error, wait)
                    wait = min(wait * 2, _LONGEST_WAIT_S)
        finally:
            self._kicked.pop(thread, None)
            self._since.pop(thread, None)
        self.on_idle(thread)

    async def _rest(
        self, thread: ThreadRef, error: DeliveryFailed | StoreError, wait: float
    ) -> None:
        asked = error.retry_after_s if isinstance(error, DeliveryFailed) else None
        if asked is not None:
            await asyncio.sleep(min(max(asked, 0.01), _LONGEST_ASKED_S))
            return
        # Not all at once.
        wait *= random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        if isinstance(error, StoreError):
            await asyncio.sleep(wait)
            return
        outage = self._outages[thread.channel.platform]
        outage.failed()
        await outage.rest(wait)

    async def _send_waiting(self, thread: ThreadRef) -> None:
        while True:
            most = _BATCH + len(self._in_turn.get(thread, ()))
            read = partial(rows.waiting, thread=thread.thread, limit=most)
            waiting = await self._channels.look(thread.channel, read)
            for item in waiting:
                if (item.id, item.version) not in self._in_turn.get(thread, ()):
                    await self._send(thread, item)
            if len(waiting) < most:
                return  # what was put meanwhile has kicked

    async def _send(self, thread: ThreadRef, waiting: Waiting) -> None:
        reached(CommitPoint.OUTBOX_BEFORE_SEND)
        try:
            if waiting.item is None:
                raise DeliveryRefused("what was to be shown cannot be read")
            await calm()
            shown = await self._adapter(thread).deliver(waiting.item)
        except DeliveryRefused as error:
            log.error("never sent", thread=str(thread), item=waiting.id, error=str(error))
            await self._mark(thread, partial(_refused, waiting=waiting, error=str(error)))
            self.on_refused(thread, waiting.item, str(error))
            return
        except DeliveryFailed as error:
            outage = self._outages[thread.channel.platform]
            outage.tell(thread=str(thread), item=waiting.id, error=str(error))
            await self._mark(thread, partial(_delayed, waiting=waiting, error=str(error)))
            raise
        except Exception as error:
            # A platform's library is the world: a bug there delays its item, and no other thread.
            log.exception("a platform broke", thread=str(thread), item=waiting.id)
            final = waiting.attempts + 1 >= _MOST_BUGS
            mark = _refused if final else _delayed
            await self._mark(thread, partial(mark, waiting=waiting, error=said(error)))
            if final:
                self.on_refused(thread, waiting.item, f"its adapter broke: {said(error)}")
            raise DeliveryFailed(f"the platform's adapter broke: {said(error)}") from error
        self._outages[thread.channel.platform].took(thread.channel.platform)
        if shown is not None:
            self._in_turn[thread].add((waiting.id, waiting.version))
            self._spawn(self._later(thread, waiting, shown), f"shown later {thread} {waiting.id}")
            return
        await self._shown(thread, waiting)

    async def _shown(self, thread: ThreadRef, waiting: Waiting) -> None:
        reached(CommitPoint.OUTBOX_SENT)
        await self._mark(thread, partial(rows.sent, item=waiting))
        reached(CommitPoint.OUTBOX_MARKED)

    async def _later(self, thread: ThreadRef, waiting: Waiting, shown: Awaitable[None]) -> None:
        """Until it is shown it waits in the file: after a kill it is delivered again."""
        try:
            await shown
            await self._shown(thread, waiting)
        finally:
            self._in_turn[thread].discard((waiting.id, waiting.version))
            if not self._in_turn[thread]:
                del self._in_turn[thread]
        self.kick(thread)

    async def _mark(self, thread: ThreadRef, mark: Callable[[Transaction], None]) -> None:
        """Keep what became of an item, however long it takes: unmarked it would be sent again."""
        wait = self._first_wait_s
        while True:
            try:
                await self._channels.write(thread.channel, mark)
                return
            except StoreError as error:
                log.warning("sent, but not marked", thread=str(thread), error=str(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)

    def _adapter(self, thread: ThreadRef) -> Adapter:
        adapter = self._adapters.get(thread.channel.platform)
        if adapter is None:
            raise DeliveryFailed(
                f"no platform {thread.channel.platform!r} is configured", retry_after_s=600.0
            )
        return adapter


def _refused(tx: Transaction, *, waiting: Waiting, error: str) -> None:
    rows.failed(tx, waiting, error, final=True)


def _delayed(tx: Transaction, *, waiting: Waiting, error: str) -> None:
    rows.failed(tx, waiting, error, final=False)


def _ignore(thread: ThreadRef) -> None:
    """Nobody asked to be told."""


def _ignore_refused(thread: ThreadRef, item: Outbound | None, error: str) -> None:
    """Nobody asked to be told."""
