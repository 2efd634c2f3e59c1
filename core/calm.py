"""What nobody watches goes on where few messages are on their way in, or where the event loop is at
rest, one after another: what people do and see at once passes it. Knows no work."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

FEW = 2
"""So many events may be on their way into the store, and still all goes on at once."""
BUSY_S = 0.005
"""A round of the loop that takes longer has much to do."""
LONGEST_S = 0.15
"""Nothing waits for longer: where the loop never rests, all still has to get on."""


@contextmanager
def pressing() -> Iterator[None]:
    """Around the way of an event into the store."""
    line = _line()
    line.pressing += 1
    try:
        yield
    finally:
        line.pressing -= 1


async def calm() -> None:
    """Return at once while no more than FEW are `pressing`. Otherwise after a round of the event
    loop that was short, alone of all who wait; or after LONGEST_S, with all who wait for so long.
    """
    line = _line()
    if line.pressing > FEW:
        await line.wait()


class _Line:
    """Those of one loop who wait."""

    def __init__(self) -> None:
        self.pressing = 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._begun = 0.0

    async def wait(self) -> None:
        # The loop's own clock: a round of a simulated one takes no time, on any machine.
        loop = asyncio.get_running_loop()
        now, end = loop.time(), loop.create_future()
        if not self._waiting:
            self._next(loop, now)
        self._waiting.append((now, end))
        await end

    def _next(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._begun = now
        loop.call_soon(self._round, loop)

    def _round(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        one = now - self._begun < BUSY_S
        while self._waiting:
            since, end = self._waiting[0]
            if not end.done():  # one that was cancelled takes nobody's turn
                if not one and self.pressing > FEW and now - since < LONGEST_S:
                    break
                one = False
                end.set_result(None)
            self._waiting.popleft()
        if self._waiting:
            self._next(loop, now)


def _line() -> _Line:
    loop = asyncio.get_running_loop()
    line = _lines.get(loop)
    if line is None:
        line = _lines[loop] = _Line()
    return line


_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Line] = WeakKeyDictionary()
