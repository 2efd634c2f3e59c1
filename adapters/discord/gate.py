"""Holds requests below Discord's limit for the whole bot; what people wait for goes first.

The library learns each channel's limits from the answers; this one, over all channels, it only
notices when it is broken, and then everything stands still.
"""

import asyncio
import heapq
import time
from collections import Counter
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


_LONGEST_SHUT_S = 3600.0


class Gate:
    """Has `most` places. A request's place is free again `seconds` after its answer.

    When a request arrives nobody knows, but for before its answer: so however long those before it
    were on their way, no more than `most` arrive in any `seconds`.
    """

    def __init__(self, most: int = 48, seconds: float = 1.0) -> None:
        self._most = {one: max(int(most * share), 1) for one, share in _SHARES.items()}
        self._least_painted = most // 9
        self._seconds = seconds
        self._taken: Counter[Priority] = Counter()
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._shut_until = 0.0

    @property
    def shut_s(self) -> float:
        """For how many seconds more nothing is to go out at all."""
        return max(self._shut_until - time.monotonic(), 0.0)

    def shut(self, seconds: float) -> None:
        """Discord shut the whole bot out. What goes out meanwhile makes it longer."""
        until = time.monotonic() + min(seconds, _LONGEST_SHUT_S)
        self._shut_until = max(self._shut_until, until)

    @property
    def waiting(self) -> int:
        """How many requests stand before the gate."""
        return len(self._waiting)

    async def enter(self, priority: Priority) -> float:
        """Return when the request may go out: how many seconds it waited. Then `leave` is due."""
        first = not self._waiting or priority < self._waiting[0][0]
        if first and self._room(priority):
            self._taken[priority] += 1
            return 0.0
        loop = asyncio.get_running_loop()
        began = loop.time()
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free(priority)  # let in, and gone away in the same moment
            raise
        return loop.time() - began

    def leave(self, priority: Priority) -> None:
        """The answer is there, or there will be none."""
        asyncio.get_running_loop().call_later(self._seconds, self._free, priority)

    def _room(self, priority: Priority) -> bool:
        taken = self._taken.total()
        if taken < self._most[priority]:
            return True
        if priority is not Priority.PAINT or taken >= self._most[Priority.CARD]:
            return False
        # Cards go on moving, slowly, however much is said.
        return self._taken[Priority.PAINT] < self._least_painted

    def _free(self, priority: Priority) -> None:
        self._taken[priority] -= 1
        # Who comes later in the row may fill less, so nobody passes when the first may not.
        while self._waiting and self._room(self._waiting[0][0]):
            first, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # whoever waited may have gone away
                self._taken[first] += 1
                turn.set_result(None)
