"""Sandboxes that were started ahead of their job, for tests. No test in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.subagents.sandbox import (
    Beginning,
    Choice,
    SandboxProcess,
    SandboxSpec,
    Shape,
    Spares,
)
from core.subagents.sandbox.process import Running


@asynccontextmanager
async def kept(choice: Choice, shape: Shape) -> AsyncIterator[Spares]:
    """Spares of this shape, as many as there should be; afterwards none is left."""
    assert choice.spares is not None, choice.finding
    keeping = asyncio.create_task(choice.spares.keep(shape), name="keep spare sandboxes")
    try:
        async with asyncio.timeout(30):
            await choice.spares.full()
        yield choice.spares
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


class Taking:
    """A Sandbox all of whose starts take one that was started ahead."""

    def __init__(self, choice: Choice) -> None:
        assert choice.sandbox is not None, choice.finding
        self._choice = choice
        self.name = choice.sandbox.name
        self.isolates = choice.sandbox.isolates
        self.commands_off = choice.sandbox.commands_off

    async def start(self, spec: SandboxSpec) -> SandboxProcess:
        """See Starter; the workspace must be empty."""
        async with (
            kept(self._choice, shape(spec)) as spares,
            Beginning(self._choice) as beginning,
        ):
            pids = pids_of(spares)
            folder = await beginning.empty_folder(shape(spec))
            assert folder is not None
            folder.rename(spec.workspace)
            process = await beginning.start(spec)
            assert isinstance(process, Running)
            assert process.pid in pids
            return process


def shape(spec: SandboxSpec) -> Shape:
    """The shape of a sandbox for this job."""
    return Shape(sources=spec.sources, memory_mb=spec.memory_mb, processes=spec.processes)


def pids_of(spares: Spares) -> list[int]:
    """The processes that wait, in the order in which they will be taken."""
    return [spare.running.pid for spare in spares._ready]
