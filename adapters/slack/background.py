"""The adapter's own asyncio tasks: named, owned, ended together. Knows nothing of Slack."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 60.0


class Background:
    """What runs beside the calls. A bug is logged and ends its task; what lasts begins again."""

    def __init__(self, first_wait_s: float = 1.0) -> None:
        self._first_wait_s = first_wait_s
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run it beside everything else."""
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def keep(self, begin: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Run what never ends by itself; should a bug end it, it begins again after a while."""
        self.spawn(self._kept(begin, name), name)

    async def _kept(self, begin: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        wait = self._first_wait_s
        while True:
            begun = time.monotonic()
            try:
                await begin()
            except Exception:
                # Around one part of the platform: without it the platform would be deaf for good.
                log.exception("a part broke, and begins again", task=name)
            if time.monotonic() - begun > _LONGEST_WAIT_S:
                wait = self._first_wait_s
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)

    async def close(self) -> None:
        """End all of it."""
        self._closed = True
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a task ended with a bug", task=task.get_name(), exc_info=error)
