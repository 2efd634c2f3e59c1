"""An event loop on a thread of its own, for work that would hold the main one. Knows no work."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


class SideLoop:
    """Runs coroutines on its thread. `run` and `close` are called from the main loop."""

    def __init__(self, name: str) -> None:
        self._loop = uvloop.new_event_loop()
        # A daemon, so that a program that dies of an error does not wait for it.
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises. Cancelling the call cancels the work."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what still runs, wait for its end, run `last`, and end the thread."""
        await self.run(self._cancel_all())
        await self.run(last)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
