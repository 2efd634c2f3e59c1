"""Paces what moves: cards and growing answers. Each channel gives its turns round, newest version
of each only. Sends nothing itself."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from core.errors import DeliveryFailed, DeliveryRefused, StoreError, ThawError
from core.messages import Card, StreamText

log = structlog.get_logger(__name__)

Moving = Card | StreamText
Spawn = Callable[[Awaitable[None], str], object]

# Five edits in five seconds is what a channel allows; durable changes need some of them.
INTERVAL_S = 1.3
# An answer that is whole within this part of it is one message, sent once: three requests of a
# second's fifty are two.
_HELD = 0.25
# Discord shuts out for an hour who asks ten thousand times in ten minutes for what it refuses:
# cards of a server that the bot was put out of must not come to that.
_REFUSED = 40


class Painter:
    """`paint` shows one moving thing; at most one each `interval_s` in a channel. An answer that
    begins to grow is held back for a moment."""

    def __init__(
        self,
        paint: Callable[[Moving], Awaitable[None]],
        spawn: Spawn,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._paint = paint
        self._spawn = spawn
        self._interval_s = interval_s
        self._waiting: dict[str, OrderedDict[str, Moving]] = {}

    @property
    def waiting(self) -> int:
        """How many things are to be painted."""
        return sum(map(len, self._waiting.values()))

    def offer(self, where: str, key: str, moving: Moving) -> None:
        """Paint this soon; what waits under the key is replaced, and keeps its turn."""
        if where in self._waiting:
            self._waiting[where][key] = moving
            return
        self._waiting[where] = OrderedDict({key: moving})
        self._spawn(self._run(where), f"discord painter {where}")

    def drop(self, where: str, key: str) -> None:
        """What waits under the key is out of date."""
        self._waiting.get(where, OrderedDict()).pop(key, None)

    async def _run(self, where: str) -> None:
        waiting = self._waiting[where]
        try:
            if isinstance(next(iter(waiting.values()), None), StreamText):
                await asyncio.sleep(_HELD * self._interval_s)
            while waiting:
                _, moving = waiting.popitem(last=False)
                try:
                    await self._paint(moving)
                except (DeliveryFailed, DeliveryRefused, StoreError) as error:
                    log.info("a live view was not painted", where=where, error=str(error))
                    await asyncio.sleep(self._rest_s(error))
                # Also after the last: the next one that comes must not follow at once.
                await asyncio.sleep(self._interval_s)
        finally:
            del self._waiting[where]

    def _rest_s(self, error: ThawError) -> float:
        """How long nothing more is tried where that went wrong."""
        match error:
            case DeliveryRefused():
                return _REFUSED * self._interval_s
            case DeliveryFailed(retry_after_s=float() | int() as asked):
                return min(asked, _REFUSED * self._interval_s)
            case _:
                return 0.0
