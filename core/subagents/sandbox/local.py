"""Starts sandboxes on this machine, a few at a time, whichever way they are made."""

import asyncio
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from core.errors import SandboxUnavailable
from core.subagents.protocol import ProtocolError
from core.subagents.sandbox.limits import file_size
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.process import Running, Spawned
from core.subagents.sandbox.watch import Watch
from core.to_the_end import to_the_end

PATIENCE_S = 20.0
"""How long a runtime may take to its first word."""

_numbers = itertools.count(1)
"""One for each start in this process, so that what is made for it can be named by it."""

Spawn = Callable[[SandboxSpec, int], Spawned]
"""Starts one, with a number of its own. Blocks. Raises SandboxUnavailable."""


class LocalSandbox:
    """A Sandbox over a way to spawn, and one to spawn `ahead` of any job (None: there is none)."""

    def __init__(
        self,
        *,
        name: str,
        isolates: bool,
        commands_off: str,
        spawn: Spawn,
        ahead: Spawn | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.name = name
        self.isolates = isolates
        self.commands_off = commands_off
        self._spawn = spawn
        self._ahead = ahead
        self._patience_s = patience_s
        # As many as keep the cores busy; more at once would only make all of them late.
        at_once = len(os.sched_getaffinity(0)) + 1
        self._gate = asyncio.Semaphore(at_once)
        # Sandboxes die with the thread that started them, so these must never end.
        self._starter = ThreadPoolExecutor(at_once, "sandbox-start")
        self._chores = ThreadPoolExecutor(2, "sandbox-chores")
        self._watch = Watch(self._chores)

    async def start(self, spec: SandboxSpec) -> Running:
        """See Sandbox."""
        running = await self._begun(self._spawn, spec)
        self._watched(running, spec)
        return running

    async def start_ahead(self, spec: SandboxSpec) -> Running:
        """Start one that waits for its job, over a workspace that will be the job's.

        It may be told of a disk as large as any job's. Raises SandboxUnavailable.
        """
        if self._ahead is None:
            raise SandboxUnavailable("sandboxes of this kind cannot be started ahead")
        return await self._begun(self._ahead, spec)

    async def hand_over(self, running: Running, spec: SandboxSpec) -> None:
        """Make one that was started ahead the job's, which has filled its workspace meanwhile.

        Raises SandboxUnavailable when it has ended.
        """
        try:
            await running.give(spec)
            await running.send(file_size(spec.disk_mb).to_bytes(8, "little"))
        except (OSError, ProtocolError) as error:
            raise SandboxUnavailable(f"the sandbox cannot be started: {error}") from error
        if running.is_gone:
            raise SandboxUnavailable("the sandbox has ended before its job came")
        self._watched(running, spec)

    def _watched(self, running: Running, spec: SandboxSpec) -> None:
        running.at_end(self._watch.add(partial(running.check, spec), running.end))

    async def _begun(self, spawn: Spawn, spec: SandboxSpec) -> Running:
        async with self._gate:
            running = await self._started(spawn, spec)
            try:
                async with asyncio.timeout(self._patience_s):
                    await running.lines.opened.wait()
            except TimeoutError:
                await running.kill("it said nothing after its start")
            except asyncio.CancelledError:
                await to_the_end(_called_off(running))
                raise
        if not running.lines.has_spoken:
            end = await running.wait()
            why = end.stderr or end.killed or f"it ended with code {end.code}"
            raise SandboxUnavailable(f"the sandbox cannot be started: {why}")
        running.spoke()
        return running

    async def _started(self, spawn: Spawn, spec: SandboxSpec) -> Running:
        starting = asyncio.create_task(self._listening(spawn, spec), name="start a sandbox")
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await to_the_end(_started_and_called_off(starting))
            raise

    async def _listening(self, spawn: Spawn, spec: SandboxSpec) -> Running:
        loop = asyncio.get_running_loop()
        spawned = await loop.run_in_executor(self._starter, spawn, spec, next(_numbers))
        running = Running(spawned, self._chores, self._starter)
        await running.listen()
        return running


async def _started_and_called_off(starting: "asyncio.Task[Running]") -> None:
    # What a thread is starting cannot be called back.
    with suppress(SandboxUnavailable):
        await _called_off(await starting)


async def _called_off(running: Running) -> None:
    await running.kill("it was cancelled at its start")
    await running.wait()
