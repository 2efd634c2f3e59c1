"""A store that fails, or a process that dies, at one call: the core's channels with a fault."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from core.errors import StoreError
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.database import Transaction

T = TypeVar("T")

FAULTS = ("fails", "dies before", "dies after")


class Frail(Channels):
    """Channels whose `at`-th call goes wrong in the way that `fault` says."""

    def __init__(self, root: Path, at: int, fault: str) -> None:
        super().__init__(root)
        self._at = at
        self._fault = fault
        self.calls = 0
        self.dead = asyncio.Event()

    def strike_after(self, calls: int) -> None:
        """Let the call go wrong that comes after so many more."""
        self._at = self.calls + calls

    async def outlast(
        self, work: Coroutine[object, object, object], over: Coroutine[object, object, object]
    ) -> None:
        """Let people do their work until `over` is, or the process dies."""
        tasks = [asyncio.create_task(one) for one in (work, over, self.dead.wait())]
        await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def read(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        return await self._call(super().read, ref, function)

    async def write(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        return await self._call(super().write, ref, function)

    async def _call(self, do: Callable[..., object], ref: ChannelRef, function: object) -> T:
        self.calls += 1
        struck = self.calls == self._at
        if struck and self._fault == "fails":
            raise StoreError("the disk is full")
        if struck and self._fault == "dies before":
            self.dead.set()
        if self.dead.is_set():
            await asyncio.Event().wait()
        found: T = await do(ref, function)  # type: ignore[misc]
        if struck and self._fault == "dies after":
            self.dead.set()
            await asyncio.Event().wait()
        return found


async def at_each_call(
    lives: Callable[[Path, int, str], Coroutine[object, object, bool]], folder: Path, fault: str
) -> int:
    """Play a scenario again and again, with the fault at its first call, its second, and so on,
    until it is over before the fault's turn comes; returns how many times: two or three more or
    less, as posts happen to be shown together."""
    at = 1
    while await lives(folder / str(at), at, fault):
        at += 1
    return at
