"""Holds requests below Discord's limit for the whole bot; what people wait for goes first.

The library learns each channel's limits from the answers; this one, over all channels, it only
notices when it is broken, and then everything stands still.
"""

import asyncio
import heapq
from collections import deque
from enum import IntEnum
from itertools import count


class Priority(IntEnum):
    """What goes first when there is more than may be sent."""

    SEEN = 0
    ANSWER = 1
    CARD = 2
    PAINT = 3


class Gate:
    """Lets `most` requests through in any `seconds`."""

    def __init__(self, most: int = 45, seconds: float = 1.05) -> None:
        self._most = most
        self._seconds = seconds
        self._passed: deque[float] = deque()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many requests stand before the gate."""
        return len(self._waiting)

    async def enter(self, priority: Priority) -> float:
        """Return when the request may go out: how many seconds it waited."""
        loop = asyncio.get_running_loop()
        if not self._waiting and self._room(loop.time()):
            self._passed.append(loop.time())
            return 0.0
        began = loop.time()
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), turn))
        self._set_timer()
        await turn
        return loop.time() - began

    def _room(self, now: float) -> bool:
        while self._passed and self._passed[0] <= now - self._seconds:
            self._passed.popleft()
        return len(self._passed) < self._most

    def _set_timer(self) -> None:
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            at = self._passed[0] + self._seconds if self._passed else loop.time()
            self._timer = loop.call_at(at, self._let_in)

    def _let_in(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._waiting and self._room(now):
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # whoever waited may have gone away
                self._passed.append(now)
                turn.set_result(None)
        self._set_timer()
