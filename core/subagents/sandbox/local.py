"""Starts sandboxes on this machine, a few at a time, whichever way they are made."""

import asyncio
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from core.errors import SandboxUnavailable
from core.subagents.sandbox.port import SandboxSpec
from core.subagents.sandbox.process import Running, Spawned
from core.subagents.sandbox.watch import Watch

PATIENCE_S = 20.0
"""How long a runtime may take to its first word."""

_numbers = itertools.count(1)
"""One for each start in this process, so that what is made for it can be named by it."""


class LocalSandbox:
    """A Sandbox over a way to spawn."""

    def __init__(
        self,
        *,
        name: str,
        isolates: bool,
        commands_off: str,
        spawn: Callable[[SandboxSpec, int], Spawned],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.name = name
        self.isolates = isolates
        self.commands_off = commands_off
        self._spawn = spawn
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
        async with self._gate:
            running = await self._started(spec)
            try:
                async with asyncio.timeout(self._patience_s):
                    await running.lines.opened.wait()
            except TimeoutError:
                await running.kill("it said nothing after its start")
            except asyncio.CancelledError:
                await running.kill("it was cancelled at its start")
                await running.wait()
                raise
        if not running.lines.has_spoken:
            end = await running.wait()
            why = end.stderr or end.killed or f"it ended with code {end.code}"
            raise SandboxUnavailable(f"the sandbox cannot be started: {why}")
        return running

    async def _started(self, spec: SandboxSpec) -> Running:
        spawning = asyncio.get_running_loop().run_in_executor(
            self._starter, self._spawn, spec, next(_numbers)
        )
        try:
            spawned = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            with suppress(
                SandboxUnavailable
            ):  # it cannot be called back: let it start, then end it
                running = await self._running(await spawning)
                await running.kill("it was cancelled at its start")
                await running.wait()
            raise
        return await self._running(spawned)

    async def _running(self, spawned: Spawned) -> Running:
        running = Running(spawned, self._chores, self._starter)
        running.at_end(self._watch.add(spawned.check, running.end))
        await running.listen()
        return running
