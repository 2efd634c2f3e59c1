"""Small asyncio tasks that nobody waits for: owned, named, ended together. Knows no Telegram."""

import asyncio
from collections.abc import Coroutine, Iterable

import structlog

from core.errors import ThawError

log = structlog.get_logger(__name__)


class Chores:
    """Holds tasks until they end; what breaks in one is logged and touches no other."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._lasting: set[asyncio.Task[None]] = set()
        self._over = False

    def spawn(
        self, work: Coroutine[object, object, None], name: str, *, lasting: bool = False
    ) -> asyncio.Task[None]:
        """Start it soon; after `end` it is cancelled before it starts.

        What is `lasting` never ends by itself.
        """
        task = asyncio.create_task(self._guarded(work, name), name=name)
        if self._over:
            # What it would reach for, the store above all, is closed about now.
            work.close()
            task.cancel()
        tasks = self._lasting if lasting else self._tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    async def end(self, grace_s: float) -> None:
        """Cancel what lasts, let the rest come to its end, and cancel what takes longer."""
        await _cancel(self._lasting)
        if self._tasks:
            # Between a message and the word that it was sent there is a moment.
            await asyncio.wait(tuple(self._tasks), timeout=grace_s)
        self._over = True
        await _cancel(self._tasks)

    async def _guarded(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except ThawError as error:
            log.warning("given up", chore=name, error=str(error))
        except Exception:
            # Around one event: a bug here must not end the platform.
            log.exception("a chore broke", chore=name)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
