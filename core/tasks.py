"""The one owner of every asyncio task. Starts, names, ends them; knows nothing of their work."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from core.errors import StoreError

log = structlog.get_logger(__name__)

Spawn = Callable[[Coroutine[object, object, None], str], object]
"""`Tasks.spawn`, for those that start tasks: what runs, and its name."""


class Tasks:
    """Named tasks with one owner. A task that ends with a bug is logged and ends alone: one
    broken conversation must not take the others with it."""

    def __init__(self) -> None:
        # In the order in which they began, which is that in which they are cancelled.
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._closed = False

    def spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run `work` as a task of its own; after `close` it is dropped."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    async def finish(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run `work` to its end, whether or not the caller is cancelled meanwhile.

        Raises what it raises, and StoreError after `close`.
        """
        if self._closed:
            work.close()
            raise StoreError("the bot is stopping; try again in a moment")
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._finished)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel what runs and wait until all of it has ended."""
        self._closed = True
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(self._tasks)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled():
            task.exception()  # the caller's, who may be gone: then nobody is left to be told

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a task ended with a bug", task=task.get_name(), exc_info=error)
