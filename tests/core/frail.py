"""A store that fails, or a process that dies, at one call: the core's channels with a fault."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import StoreError
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.database import Transaction

T = TypeVar("T")


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
