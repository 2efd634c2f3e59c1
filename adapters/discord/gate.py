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


# How much of the limit each may fill: there is always room for what is more urgent, so that a
# hundred cards cannot keep an acknowledgement waiting.
_SHARES = {
    Priority.SEEN: 1.0, Priority.ANSWER: 0.94, Priority.CARD: 0.88, Priority.PAINT: 0.8,
}  # fmt: skip


class Gate:
    """Lets `most` requests through in any `seconds`."""

    def __init__(self, most: int = 45, seconds: float = 1.05) -> None:
        self._most = {one: max(int(most * share), 1) for one, share in _SHARES.items()}
        self._least_painted = most // 9
        self._seconds = seconds
        self._passed: deque[tuple[float, Priority]] = deque()
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many requests stand before the gate."""
        return len(self._waiting)

    async def enter(self, priority: Priority) -> float:
        """Return when the request may go out: how many seconds it waited."""
        loop = asyncio.get_running_loop()
        first = not self._waiting or priority < self._waiting[0][0]
        if first and self._room(loop.time(), priority):
            self._pass(loop.time(), priority)
            return 0.0
        began = loop.time()
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), turn))
        self._set_timer()
        await turn
        return loop.time() - began

    def _room(self, now: float, priority: Priority) -> bool:
        while self._passed and self._passed[0][0] <= now - self._seconds:
            self._passed.popleft()
        passed = len(self._passed)
        if passed < self._most[priority]:
            return True
        if priority is not Priority.PAINT or passed >= self._most[Priority.CARD]:
            return False
        # Cards go on moving, slowly, however much is said.
        painted = sum(one is Priority.PAINT for _, one in self._passed)
        return painted < self._least_painted

    def _pass(self, now: float, priority: Priority) -> None:
        self._passed.append((now, priority))

    def _set_timer(self) -> None:
        """Look again as soon as there is less in the window."""
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            at = self._passed[0][0] + self._seconds if self._passed else loop.time()
            self._timer = loop.call_at(at, self._let_in)

    def _let_in(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        # Who comes later in the row may fill less, so nobody passes when the first may not.
        while self._waiting and self._room(now, self._waiting[0][0]):
            priority, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # whoever waited may have gone away
                self._pass(now, priority)
                turn.set_result(None)
        self._set_timer()
