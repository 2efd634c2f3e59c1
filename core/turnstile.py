"""Lets few turns work at the same moment, in the order in which they came. Knows no turn's work.

Without it, two hundred messages of one second begin two hundred turns at once, and every step of
anything else, the sign that a message was seen before all, waits behind a step of each of them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from core.calm import calm
from core.model.chat import ModelReply, ModelRequest
from core.ports import Model

AT_WORK = 2
# A turn that works for longer waits for a file that is held up: that must not hold up the others.
LONGEST_S = 0.1


class Turnstile:
    """`most` turns at work; one that waits for its model's answer is not, nor is one that has been
    at it for `longest_s` seconds: so nobody waits for somebody who does not get on.
    """

    def __init__(self, most: int = AT_WORK, longest_s: float = LONGEST_S) -> None:
        self._places = asyncio.Semaphore(most)
        self._longest_s = longest_s

    @property
    def free(self) -> bool:
        """Whether a turn that came now would not have to wait."""
        return not self._places.locked()

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Around a turn: begins when its place is free."""
        place = _Place(self._places, self._longest_s)
        await place.take()
        mine = _mine.set(place)
        try:
            yield
        finally:
            _mine.reset(mine)
            place.close()


class Aside:
    """Implements core.ports.Model over another: whoever asks it has left until it answers."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """See the port."""
        place = _mine.get()
        if place is None:
            return await self._model.complete(request, on_text)
        place.leave()
        reply = await self._model.complete(request, on_text)
        await place.take()
        return reply


class _Place:
    """One turn's place, taken and left as often as need be."""

    def __init__(self, places: asyncio.Semaphore, longest_s: float) -> None:
        self._places = places
        self._longest_s = longest_s
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def take(self) -> None:
        if self._closed or self._timer is not None:
            return
        await self._places.acquire()
        try:
            await calm()
        except BaseException:
            self._places.release()
            raise
        self._timer = asyncio.get_running_loop().call_later(self._longest_s, self.leave)

    def leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._places.release()

    def close(self) -> None:
        self.leave()
        self._closed = True


_mine: ContextVar[_Place | None] = ContextVar("place", default=None)
