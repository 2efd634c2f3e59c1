"""Keeps a few sandboxes that were started ahead of any job. Fills no workspace, serves no job."""

import asyncio
import itertools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from core.errors import SandboxUnavailable
from core.subagents.sandbox.local import LocalSandbox
from core.subagents.sandbox.port import Mount, SandboxSpec, Shape
from core.subagents.sandbox.process import Running
from core.to_the_end import to_the_end

log = structlog.get_logger(__name__)

KEPT = 3
"""Each gains some 7 ms for the median of 16 at once, and costs a bot at rest 3 MB."""
_ANY_DISK_MB = 1 << 30


class Identity(NamedTuple):
    """What a folder is, by whatever name it is found."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """A sandbox that has spoken and waits. Its workspace is this `folder`, under whatever name.

    `sources` are what it shows: a name may lead elsewhere later.
    """

    running: Running
    folder: Path
    identity: Identity
    sources: tuple[Identity, ...]

    async def end(self) -> None:
        """End it, since no job has it; its folder goes too, unless that was moved away."""
        await self.running.kill("it is not needed")
        await self.running.wait()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


class Spares:
    """Starts them one at a time, and none while an attempt is about to start."""

    def __init__(self, sandbox: LocalSandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._numbers = itertools.count(1)
        self._shape: Shape | None = None
        self._ready: list[Spare] = []
        self._unfit: list[Spare] = []
        self._beginning = 0
        self._failed = False
        self._wanted = asyncio.Event()
        self._full = asyncio.Event()

    async def keep(self, shape: Shape) -> None:
        """Have some of this shape at hand, until cancelled; then none is left."""
        # A bot that was killed has left its own there.
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        self._shape = shape
        self._changed()
        try:
            while True:
                await self._wanted.wait()
                await self._do_next(shape)
                self._changed()
        finally:
            self._shape = None
            left, self._ready, self._unfit = [*self._ready, *self._unfit], [], []
            self._changed()
            await to_the_end(self._end(left))

    async def full(self) -> None:
        """Return when there are as many as there should be."""
        await self._full.wait()

    def begins(self) -> None:
        """Hear of an attempt that will start soon: it goes first."""
        self._beginning += 1
        self._changed()

    def began(self) -> None:
        """Hear of its start, or that there is none."""
        self._beginning -= 1
        self._failed = False
        self._changed()

    async def take(self, shape: Shape) -> Spare | None:
        """Give one away, if there is one of this shape; whoever has it sees to its end."""
        if shape != self._shape or not self._ready:
            return None
        sources = await _identities(shape.sources)
        found = None
        while self._ready and found is None:
            spare = self._ready.pop(0)
            if spare.running.is_gone or spare.sources != sources:
                self._unfit.append(spare)
            else:
                found = spare
        self._changed()
        return found

    async def hand_over(self, spare: Spare, spec: SandboxSpec) -> Running:
        """Make it the job's, whose workspace must be its folder. Raises SandboxUnavailable."""
        if await asyncio.to_thread(_identity, spec.workspace) != spare.identity:
            raise SandboxUnavailable("the workspace is not the folder that it shows")
        await self._sandbox.hand_over(spare.running, spec)
        return spare.running

    def _changed(self) -> None:
        room = self._shape is not None and len(self._ready) < KEPT and not self._failed
        _put(self._wanted, (room or bool(self._unfit)) and not self._beginning)
        _put(self._full, len(self._ready) >= KEPT)

    async def _do_next(self, shape: Shape) -> None:
        if self._unfit:
            await to_the_end(self._unfit.pop().end())
            return
        folder = self._folder / str(next(self._numbers))
        try:
            self._ready.append(await self._started(folder, shape))
        except (SandboxUnavailable, OSError) as error:
            # Not again before another start has gone well or badly: nothing is tried in a circle.
            self._failed = True
            log.warning("no spare sandbox can be started; jobs start their own", error=str(error))
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _started(self, folder: Path, shape: Shape) -> Spare:
        # A thread cannot be called back, and would make it when all have been removed.
        identity = await to_the_end(asyncio.to_thread(_made, folder))
        # Before it is started: what becomes another folder meanwhile is taken for changed.
        sources = await _identities(shape.sources)
        running = await self._sandbox.start_ahead(
            SandboxSpec(
                job=f"spare-{folder.name}",
                workspace=folder,
                sources=shape.sources,
                memory_mb=shape.memory_mb,
                processes=shape.processes,
                disk_mb=_ANY_DISK_MB,
            )
        )
        return Spare(running=running, folder=folder, identity=identity, sources=sources)

    async def _end(self, spares: Sequence[Spare]) -> None:
        await asyncio.gather(*(spare.end() for spare in spares))
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _put(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()


def _made(folder: Path) -> Identity:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    return _identity(folder)


async def _identities(sources: Sequence[Mount]) -> tuple[Identity, ...]:
    if not sources:
        return ()
    return await asyncio.to_thread(lambda: tuple(_identity(mount.path) for mount in sources))


def _identity(folder: Path) -> Identity:
    try:
        found = folder.stat()
    except OSError:
        return Identity(0, 0)
    return Identity(found.st_dev, found.st_ino)
