"""The files of all channels: opened when needed, at most so many at once. Knows no tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from string import ascii_lowercase, digits
from typing import TypeVar

from core.errors import DamagedFile, NewerDatabase, StoreError, UnusableFile
from core.messages import ChannelRef
from core.state.damaged import Mender
from core.state.database import Database, Transaction
from core.state.reading import reading
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

T = TypeVar("T")

IDLE_S = 60.0
_OPENED_AT_ONCE = 16
# Capitals are encoded as well: some file systems cannot tell them from small letters.
_PLAIN = frozenset((ascii_lowercase + digits + "-_").encode())
_LONGEST = 120


def file_name(part: str) -> str:
    """Any text as a file name: distinct, without capitals, at most 186 characters."""
    data = part.encode(errors="surrogatepass")
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in data)
    if not name:
        return "%"
    if len(name) > _LONGEST:
        return f"{name[:_LONGEST]}%-{sha256(data).hexdigest()}"
    return name


@dataclass(slots=True, eq=False)
class _Slot:
    """One channel's file: being opened or open, and by how many it is used."""

    ref: ChannelRef
    opening: asyncio.Task[Database]
    users: int = 0
    used: float = 0.0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    mending: asyncio.Task[bool] | None = None


class Channels:
    """All channels under `root`. A channel's file is made when it is first written or read.

    A file stays open until `max_open` others were used since, or it was not for `idle_s`: an open
    one takes half a megabyte, opening one 3 ms of processor time.

    A file that cannot be used raises StoreError for its channel only, and is tried again with
    the next call; one that is damaged is mended first, if a `mender` is given. With `held` one
    that is removed while it is open is put back (see Database.open). Must be closed; calls made
    later raise RuntimeError.
    """

    def __init__(
        self,
        root: Path,
        max_open: int = 64,
        mender: Mender | None = None,
        idle_s: float = IDLE_S,
        held: Callable[[], object] | None = None,
    ) -> None:
        self._root = root / "channels"
        self._mender = mender
        self._held = held
        self._max_open = max_open
        self._idle_s = idle_s
        self._sweep: asyncio.TimerHandle | None = None
        self._slots: dict[ChannelRef, _Slot] = {}
        # Those of them that nobody uses, in the order of last use: the first is the one to close.
        self._idle: dict[ChannelRef, _Slot] = {}
        # To begin with hundreds at once would hold the loop.
        self._turns = asyncio.Semaphore(_OPENED_AT_ONCE)
        self._closing: dict[ChannelRef, asyncio.Task[None]] = {}
        self._closed = False

    def path(self, ref: ChannelRef) -> Path:
        """Where the channel's file is."""
        platform, workspace = file_name(ref.platform), file_name(ref.workspace)
        return self._root.joinpath(platform, workspace, f"{file_name(ref.channel)}.db")

    async def exists(self, ref: ChannelRef) -> bool:
        """Whether the channel has a file."""
        return ref in self._slots or await asyncio.to_thread(self.path(ref).exists)

    async def read(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """Run `function` on one consistent view of the channel. Raises StoreError."""
        return await self._on(ref, lambda database: database.read(function))

    async def look(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """`read` for a few rows: behind the writes before it, but cheaper. Raises StoreError."""
        return await self._on(ref, lambda database: database.look(function))

    async def glance(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """`read` for who looks into many channels once each: it opens none for longer than that,
        which is some ten times cheaper. Raises StoreError."""
        if ref not in self._slots and ref not in self._closing:
            with suppress(StoreError):  # older, damaged or gone: that is for whoever opens it
                return await self.aside(ref, function)
        return await self.look(ref, function)

    async def aside(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """`glance` also at one that is open, whose connection is to keep nothing of it. Raises
        StoreError, also for a file that opening it would migrate or mend."""
        while ref in self._closing:
            await asyncio.shield(self._closing[ref])
        if self._closed:
            raise RuntimeError("the channels are closed")
        return await asyncio.to_thread(_glanced, self.path(ref), function)

    @asynccontextmanager
    async def visit(self, ref: ChannelRef) -> AsyncIterator[None]:
        """For who works on one channel after another: a file that was not open before is closed at
        the context's end, unless somebody uses it by then."""
        known = ref in self._slots
        try:
            yield
        finally:
            if not known and ref in self._idle:
                self._start_closing(ref)

    async def write(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """Run `function` in one write transaction: all is kept or nothing. Raises StoreError."""
        return await self._on(ref, lambda database: database.write(function))

    async def run(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """Run `function` outside any transaction (a backup). Raises StoreError."""
        return await self._on(ref, lambda database: database.run(function))

    async def close(self) -> None:
        """Wait for what is queued and close all files."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for ref in list(self._slots):
            self._start_closing(ref)
        await asyncio.gather(*self._closing.values())

    async def _on(self, ref: ChannelRef, work: Callable[[Database], Awaitable[T]]) -> T:
        slot = await self._slot(ref)
        try:
            return await self._leased(slot, work)
        except UnusableFile as error:
            if self._mender is None or not _of_the_file(slot, error):
                raise
            if not await self._mended(ref, slot, self._mender):
                raise
        # Nothing of the work was kept, so it is done on what stands there now.
        return await self._leased(await self._slot(ref), work)

    async def _mended(self, ref: ChannelRef, slot: _Slot, mender: Mender) -> bool:
        """Whether another file stands in the place of the slot's. Whoever comes first mends it."""
        if slot.mending is None:
            if self._slots.get(ref) is slot:
                self._start_closing(ref)
            mending = self._mend(ref, mender, self._closing.get(ref))
            slot.mending = asyncio.create_task(mending, name=f"mend {ref}")
            # Whoever wants the channel meanwhile waits for it as for a file that is being closed.
            self._closing[ref] = asyncio.create_task(_over(slot.mending), name=f"close {ref}")
        return await asyncio.shield(slot.mending)

    async def _mend(
        self, ref: ChannelRef, mender: Mender, closing: asyncio.Task[None] | None
    ) -> bool:
        try:
            if closing is not None:
                await asyncio.wait([closing])
            return await asyncio.to_thread(mender.mend, ref, self.path(ref))
        finally:
            del self._closing[ref]

    async def _leased(self, slot: _Slot, work: Callable[[Database], Awaitable[T]]) -> T:
        slot.users += 1
        slot.idle.clear()
        self._idle.pop(slot.ref, None)
        try:
            # Shielded: the task belongs to all who wait for it, not to the one who is cancelled.
            return await work(await asyncio.shield(slot.opening))
        finally:
            slot.users -= 1
            if not slot.users:
                slot.idle.set()
                slot.used = asyncio.get_running_loop().time()
                if self._slots.get(slot.ref) is slot:
                    self._idle[slot.ref] = slot
            self._close_surplus()
            self._sweep_later()

    async def _slot(self, ref: ChannelRef) -> _Slot:
        while ref in self._closing:
            await asyncio.shield(self._closing[ref])
        if self._closed:
            raise RuntimeError("the channels are closed")
        slot = self._slots.get(ref)
        if slot is None:
            opening = asyncio.create_task(self._open(ref), name=f"open {ref}")
            slot = self._slots[ref] = _Slot(ref, opening)
        return slot

    async def _open(self, ref: ChannelRef) -> Database:
        try:
            async with self._turns:
                return await Database.open(
                    self.path(ref),
                    CHANNEL_APPLICATION_ID,
                    channel_migrations(),
                    partial(_name, ref),
                    never_empty=self._mender is not None,
                    held=self._held,
                )
        except BaseException:
            # The next call tries again.
            self._slots.pop(ref, None)
            raise

    def _close_surplus(self) -> None:
        while self._idle and len(self._slots) > self._max_open:
            self._start_closing(next(iter(self._idle)))

    def _sweep_later(self) -> None:
        if self._sweep is None and self._slots and not self._closed:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._idle_s, self._close_unused)

    def _close_unused(self) -> None:
        self._sweep = None
        latest = asyncio.get_running_loop().time() - self._idle_s
        for ref in [ref for ref, slot in self._idle.items() if slot.used <= latest]:
            self._start_closing(ref)
        self._sweep_later()

    def _start_closing(self, ref: ChannelRef) -> None:
        slot = self._slots.pop(ref)
        self._idle.pop(ref, None)
        self._closing[ref] = asyncio.create_task(self._close(ref, slot), name=f"close {ref}")

    async def _close(self, ref: ChannelRef, slot: _Slot) -> None:
        try:
            await asyncio.wait([slot.opening])
            if slot.users:
                await slot.idle.wait()
            if slot.opening.exception() is None:
                await slot.opening.result().close()
        finally:
            if self._closing[ref] is asyncio.current_task():
                del self._closing[ref]


def _glanced(path: Path, function: Callable[[Transaction], T]) -> T:
    with reading(path, CHANNEL_APPLICATION_ID, len(channel_migrations())) as tx:
        return function(tx)


def _of_the_file(slot: _Slot, error: UnusableFile) -> bool:
    """Whether it is the channel's own file that is damaged: not a newer one, nor what the work
    found elsewhere."""
    if isinstance(error, NewerDatabase):
        return False
    return isinstance(error, DamagedFile) or slot.opening.exception() is error


def _name(ref: ChannelRef, tx: Transaction) -> None:
    tx.execute(
        "INSERT INTO channel VALUES (1, ?, ?, ?)", (ref.platform, ref.workspace, ref.channel)
    )


async def _over(mending: asyncio.Task[bool]) -> None:
    await asyncio.wait([mending])
