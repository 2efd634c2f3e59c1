"""Updates being taken up: each once at a time, in order per place, confirmed when kept. Polls not.

A chat whose store is full waits and is offered again; others do not wait for it.
"""

import asyncio
import random
import time

import structlog

from adapters.telegram.addressing import Me
from adapters.telegram.chores import Chores
from adapters.telegram.inbox import Inbox
from adapters.telegram.payload import Fields, number
from adapters.telegram.status import Status
from adapters.telegram.translate import place
from core.errors import StoreError

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 60.0
_REMEMBERED = 1_000


class Updates:
    """`open` holds the updates that are being taken up, by number."""

    def __init__(
        self, inbox: Inbox, chores: Chores, status: Status, first_wait_s: float = 1.0
    ) -> None:
        self._inbox = inbox
        self._chores = chores
        self._status = status
        self._first_wait_s = first_wait_s
        self._newest: int | None = None
        self._tails: dict[object, asyncio.Task[None]] = {}
        self._done: dict[int, None] = {}
        self.open: dict[int, asyncio.Task[None]] = {}

    @property
    def offset(self) -> int:
        """The lowest update that is not kept yet: all before it can be confirmed."""
        if self.open:
            return min(self.open)
        return 0 if self._newest is None else self._newest + 1

    def take(self, update: Fields, me: Me) -> asyncio.Task[None] | None:
        """Take an update up; its task, or None when there is nothing (more) to do about it."""
        id = number(update, "update_id")
        if id is None:
            log.warning("an update without a number was passed over")
            return None
        if id in self.open or id in self._done:
            return self.open.get(id)
        self._status.last_event = time.time()
        self._newest = max(id, self._newest or id)
        # Before anything that takes time, also before what came earlier in the same place is kept.
        self._glance(id, update, me)
        where = place(update)
        before = self._tails.get(where)
        task = self._chores.spawn(self._work(id, update, me, before), f"telegram update {id}")
        self.open[id] = self._tails[where] = task
        task.add_done_callback(lambda done: self._ended(id, where, done))
        return task

    def _glance(self, id: int, update: Fields, me: Me) -> None:
        try:
            self._inbox.glance(update, me)
        except Exception:
            # Around one update: a bug here must not cost what came with it.
            log.exception("an update has no sign", update=id)

    def _ended(self, id: int, where: object, task: asyncio.Task[None]) -> None:
        self.open.pop(id, None)
        if self._tails.get(where) is task:
            del self._tails[where]
        if not task.cancelled():
            self._done[id] = None
            if len(self._done) > _REMEMBERED:
                del self._done[next(iter(self._done))]

    async def _work(
        self, id: int, update: Fields, me: Me, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        wait = self._first_wait_s
        while True:
            try:
                await self._inbox.take(update, me)
                return
            except StoreError as error:
                log.warning("not kept, will try again", update=id, error=str(error))
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311
                wait = min(wait * 2, _LONGEST_WAIT_S)
