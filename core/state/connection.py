"""An open SQLite file: whole functions on it, one after another, off the loop. Knows no tables."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar

from core.state.threads import Threads

T = TypeVar("T")

_CACHED_STATEMENTS = 256
_threads = Threads("files")


class Connection(Protocol):
    """An open file, on which whole functions run one after another."""

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What `function` returns or raises. Cancelling the caller does not stop it."""

    async def close(self) -> None:
        """Finish what is queued and close. Calls made later raise ValueError."""


@dataclass(frozen=True, slots=True)
class _Call:
    function: Callable[[], Any]
    future: asyncio.Future[Any]


class _Opened(sqlite3.Connection):
    """Uses one cursor for all that returns no rows. What such a statement returns tells of it
    until the next one.

    Of each cursor that there was Python's connection remembers something until there were two
    hundred: 18 KB a file, and a thousand may be open.
    """

    _spare: sqlite3.Cursor | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """See sqlite3."""
        cursor, self._spare = self._spare or self.cursor(), None
        cursor.execute(sql, parameters)
        if cursor.description is None:
            self._spare = cursor
        return cursor

    def close(self) -> None:
        """See sqlite3."""
        self._spare = None  # which refers to this connection
        super().close()


class SharedConnection:
    """Implements Connection on threads that all files share.

    A transaction made of awaits would hold the write lock while the loop does other things and
    would cost a thread switch per statement; as one function it is one call, and the calls of one
    connection cannot interleave.
    """

    def __init__(self) -> None:
        self._calls: deque[_Call] = deque()
        # Held while calls are run. Nobody waits for it: a loop must not.
        self._running = Lock()
        self._open: sqlite3.Connection | None = None
        self._closed = False

    @classmethod
    async def connect(cls, path: Path, before: Callable[[], None]) -> "SharedConnection":
        """Open or create the file, after `before`. Raises sqlite3.Error, and what `before` does."""
        made = cls()
        try:
            await made._queue(partial(made._connect, path, before))
        except BaseException:
            made._queue(made._close)
            raise
        return made

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """See Connection."""
        if self._closed or self._open is None:
            raise ValueError("the file is closed")
        result: T = await self._queue(partial(function, self._open))
        return result

    async def close(self) -> None:
        """See Connection."""
        self._closed = True
        await self._queue(self._close)

    def _connect(self, path: Path, before: Callable[[], None]) -> None:
        before()
        # Not one thread, but one at a time: the calls see to it.
        self._open = sqlite3.connect(
            path,
            isolation_level=None,
            cached_statements=_CACHED_STATEMENTS,
            check_same_thread=False,
            factory=_Opened,
        )

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def _queue(self, function: Callable[[], object]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls.append(_Call(function, future))
        if self._running.acquire(blocking=False):
            _threads.run(self._run_all)
        return future

    def _run_all(self) -> None:
        while True:
            while self._calls:
                _run(self._calls.popleft())
            self._running.release()
            # What was queued before the release found it held.
            if not (self._calls and self._running.acquire(blocking=False)):
                return


def _run(call: _Call) -> None:
    try:
        result = call.function()
    except BaseException as error:  # noqa: BLE001 - it is the caller's
        _tell(call.future, call.future.set_exception, error)
    else:
        _tell(call.future, call.future.set_result, result)
    finally:
        # The error refers to this frame: with the call in it that would be a circle, which only
        # the collector finds, long after.
        del call


def _tell(future: asyncio.Future[Any], how: Callable[[Any], None], end: object) -> None:
    def tell() -> None:
        if not future.done():  # the caller may have been cancelled
            how(end)

    with suppress(RuntimeError):  # the caller's loop may be closed
        future.get_loop().call_soon_threadsafe(tell)
