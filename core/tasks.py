"""The one owner of every asyncio task. Starts, names, ends them; knows nothing of their work."""

import asyncio
from collections.abc import Coroutine

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """Named tasks with one owner. A task that ends with a bug is logged and ends alone: one
    broken conversation must not take the others with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run `work` as a task of its own."""
        task = asyncio.get_running_loop().create_task(self._guarded(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._closing:
            task.cancel()
        return task

    async def close(self) -> None:
        """Cancel what runs and wait until all of it has ended; what is spawned later ends too."""
        self._closing = True
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def _guarded(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except Exception:
            log.exception("a task ended with a bug", task=name)
