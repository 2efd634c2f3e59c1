"""What calls have used that ended just now, until it is written: together, or with whatever is
written next. Knows no tables."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from core.errors import StoreError
from core.model.amounts import Amount
from core.model.chat import Usage

TOGETHER_S = 0.02
"""So long it waits for others, and for the answer that the call was for: that goes first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ended:
    """A call that has ended: its reservation, what it is charged (None: all that was reserved),
    what the server said of it; `written` is done once that is, with the error if it could not be.
    """

    reservation: int
    charged: Amount | None
    usage: Usage | None
    written: asyncio.Future[StoreError | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def tell(self, error: BaseException | None) -> None:
        """Say that it is written, or why not."""
        if error is not None and not isinstance(error, StoreError):
            error = StoreError("it was not written")
        if not self.written.done():
            self.written.set_result(error)


class EndedCalls:
    """Those that nobody has begun to write. Whoever takes them writes them, and tells each."""

    def __init__(self, together_s: float = TOGETHER_S) -> None:
        self._together_s = together_s
        self._waiting: list[Ended] = []
        self._unwritten: set[Ended] = set()
        self._now = asyncio.Event()

    def take(self) -> list[Ended]:
        """All that wait."""
        taken, self._waiting = self._waiting, []
        self._now.set()
        return taken

    async def add(self, ended: Ended, write: Callable[[], Awaitable[object]]) -> None:
        """Return when it is written: by somebody else, or in a moment with `write`.

        Raises StoreError.
        """
        self._waiting.append(ended)
        self._unwritten.add(ended)
        ended.written.add_done_callback(lambda _: self._unwritten.discard(ended))
        if len(self._waiting) == 1:
            # The first one sees to all that come meanwhile.
            await self._pause()
            if ended in self._waiting:
                await write()
        error = await ended.written
        if error is not None:
            raise error

    async def all_written(self) -> None:
        """Have all that wait written now, and return when it is: well or badly."""
        if self._unwritten:
            self._now.set()
            await asyncio.wait([one.written for one in self._unwritten])

    async def _pause(self) -> None:
        self._now.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._together_s):
                await self._now.wait()
