"""The program that talks to one server for the bot, as a process of its own: what a server sends is
parsed, measured and cut here, and what it breaks, it breaks here. Decides nothing.

Its first line of input says which server; then each is a request, and each line of output a Word.
When its input ends it ends itself, with all that it has started.
"""

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import sys
import threading
from functools import partial
from typing import Any

from core.mcp.session import Session
from core.mcp.talk import Ended, Word, telling
from core.subagents.sandbox.tree import descendants

_MEMORY = 512 << 20
_GRACE_S = 1.0
_SET_CHILD_SUBREAPER = 36
_ROUNDS = 1000


class Program:
    """One run: reads requests on a thread, so that the end of its input is seen whatever hangs."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._over = asyncio.Event()
        self._ended = threading.Event()
        self._session = Session(given, say, self._over, bound)

    async def run(self) -> None:
        """Serve until the input or the server ends."""
        threading.Thread(target=self._read, daemon=True).start()
        try:
            async with self._session.open(), asyncio.TaskGroup() as tasks:
                taking = tasks.create_task(self._take(tasks), name="take requests")
                await self._over.wait()
                if self._session.broken:
                    end_all()  # there is nothing to take leave of
                taking.cancel()
                for one in tuple(self._running.values()):
                    one.cancel()
        finally:
            self._ended.set()

    async def _take(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            asked = await self._asked.get()
            number, what = asked["id"], asked["do"]
            if what == "drop":
                if number in self._running:
                    self._running[number].cancel()
                continue
            task = tasks.create_task(self._session.answer(number, what), name=f"request {number}")
            self._running[number] = task
            task.add_done_callback(partial(self._done, number))

    def _done(self, number: int, _: "asyncio.Task[None]") -> None:
        del self._running[number]

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._loop.call_soon_threadsafe(self._asked.put_nowait, json.loads(line))
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._over.set)
        self._ended.wait(_GRACE_S)
        end_all()


def say(word: Word) -> None:
    """Say it to the bot; a bot that is gone hears nothing."""
    with contextlib.suppress(OSError):
        os.write(1, telling(word))


def bound() -> None:
    """From now on this process alone may have so much memory. What it has started is not meant."""
    used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()  # noqa: PTH123, SIM115
    resource.setrlimit(resource.RLIMIT_DATA, (used + _MEMORY, resource.RLIM_INFINITY))


def end_all() -> None:
    """End everything below this process, then this process, at once."""
    for _ in range(_ROUNDS):
        below = descendants(os.getpid())
        if not below:
            break
        for pid in below:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Serve one server."""
    # What a server leaves behind becomes this one's child, so that it can be found and ended.
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.nice(5)
    logging.disable(logging.CRITICAL)
    given = json.loads(sys.stdin.buffer.readline())

    async def run() -> None:
        await Program(given).run()

    try:
        asyncio.run(run())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the server's doing
        say(Ended(why=Session.words(error)))
    end_all()


if __name__ == "__main__":
    main()
