"""An event loop whose time is virtual and whose order a seed decides. Waits for nothing real."""

import asyncio
import heapq
import io
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs one ready callback at a time. When none is ready, time jumps to the next timer; when
    there is none either, everything is at rest and the loop stops.

    `mix` is how often a callback is taken out of its turn, `hop_s` the longest that a thread takes
    to get to what is asked of it. `most` is the step at which the process dies, whatever it is
    doing. `dead` says that it did. `opened` are files that were opened off the loop.
    """

    def __init__(self, chance: Random, at: float, mix: float, hop_s: float, most: int) -> None:
        super().__init__()
        self._chance = chance
        self._now = at
        self._mix = mix
        self._hop_s = hop_s
        self._most = most
        self.steps = 0
        self.dead = False
        self.buried = False
        self.complaints: list[str] = []
        self.opened: list[io.IOBase] = []
        self.set_exception_handler(self._complain)

    def time(self) -> float:
        """Virtual seconds, which only grow."""
        return self._now

    def hop_s(self) -> float:
        """How long a thread takes now."""
        return self._chance.random() * self._hop_s

    def die(self) -> None:
        """The process is killed: nothing that is under way goes on."""
        self.dead = True
        self.stop()

    def _asyncgen_finalizer_hook(self, agen: object) -> None:
        # Of a process that is gone nothing is closed; asyncio would begin to, and never end it.
        if not self.buried:
            super()._asyncgen_finalizer_hook(agen)  # type: ignore[misc]

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """No thread: the function runs on the loop, a little later."""
        future: asyncio.Future[T] = self.create_future()
        self.call_later(self.hop_s(), self._work, future, func, args)
        return future

    def _work(
        self, future: "asyncio.Future[T]", func: Callable[..., T], args: tuple[Any, ...]
    ) -> None:
        if future.cancelled():
            return  # a thread pool drops what nobody waits for and what has not begun

        def work() -> T:
            found = func(*args)
            if isinstance(found, io.IOBase):
                self.opened.append(found)
            return found

        settle(future, work)

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if not ready and not self._wake():
            self.stop()
            return
        self.steps += 1
        if self.steps >= self._most:
            self.die()
            return
        place = 0
        if len(ready) > 1 and self._chance.random() < self._mix:
            place = self._chance.randrange(len(ready))
        handle = ready[place]
        del ready[place]
        if not handle.cancelled():
            handle._run()

    def _wake(self) -> bool:
        """Go on to the next timer's moment; False when there is none."""
        timers = self._scheduled  # type: ignore[attr-defined]
        while timers and timers[0].cancelled():
            heapq.heappop(timers)._scheduled = False
        if not timers:
            return False
        self._now = max(self._now, timers[0].when())
        while timers and timers[0].when() <= self._now:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            self._ready.append(timer)  # type: ignore[attr-defined]
        return True

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers go when their time comes."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector."""

    def _process_events(self, event_list: object) -> None:
        """There are none."""

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.complaints.append(f"{context['message']}: {error!r}")


def settle(future: "asyncio.Future[T]", work: Callable[[], T]) -> None:
    """Do the work and let the future have what came of it, if anybody still wants that."""
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is for who waits
        if not future.cancelled():
            future.set_exception(error)
    else:
        if not future.cancelled():
            future.set_result(found)


def bury(loop: SimulatedLoop) -> None:
    """End all tasks of a loop that has died, without letting them do anything any more.

    What they do on their way out meets a loop that runs nothing and a disk that is gone.
    """
    loop.buried = True
    asyncio._set_running_loop(loop)
    try:
        while tasks := [task for task in asyncio.all_tasks(loop) if not _closed(task)]:
            for task in tasks:
                _close(task)
    finally:
        asyncio._set_running_loop(None)
    for file in loop.opened:
        file.close()
    loop.close()


def _close(task: "asyncio.Task[Any]") -> None:
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine: Any = task.get_coro()
    while not _closed(task):
        with suppress(Exception):  # it may want to wait for something on its way out
            coroutine.close()


def _closed(task: "asyncio.Task[Any]") -> bool:
    coroutine: Any = task.get_coro()
    return coroutine.cr_frame is None
