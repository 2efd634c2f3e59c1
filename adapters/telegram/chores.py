"""Small asyncio tasks that nobody waits for: owned, named, ended together. Knows no Telegram."""

import asyncio
from collections.abc import Coroutine

import structlog

from core.errors import ThawError

log = structlog.get_logger(__name__)


class Chores:
    """Holds tasks until they end; what breaks in one is logged and touches no other."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Start it soon."""
        task = asyncio.create_task(self._guarded(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """Cancel what still runs and wait until it is gone."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except ThawError as error:
            log.warning("given up", chore=name, error=str(error))
        except Exception:
            # Around one event: a bug here must not end the platform.
            log.exception("a chore broke", chore=name)
