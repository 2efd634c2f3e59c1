"""One running sandbox: its line, how it ends, and what is cleaned up after it. Starts nothing."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TypeVar

from core.subagents.sandbox.lines import Lines
from core.subagents.sandbox.port import SandboxExit, SandboxSpec
from core.subagents.sandbox.tail import Tail

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    """What was started. `inside` is a pidfd that can be read once nothing runs inside.

    `kill` ends everything; without it, everything dies with the process that `inside` is of.
    `spoke` is called after its first word. `give` makes the workspace its own, `check` looks for
    what is over the bounds, `clean` removes what is left and says in words why the kernel ended
    something (out of memory). They run on threads; those two in the middle are told for what job,
    which one that was started ahead learns late.
    """

    program: "subprocess.Popen[bytes]"
    inside: int
    line: socket.socket
    stderr: IO[bytes]
    kill: Callable[[], None] | None
    spoke: Callable[[], None]
    give: Callable[[SandboxSpec], None]
    check: Callable[[SandboxSpec], str | None]
    clean: Callable[[], str | None]


class Running:
    """A SandboxProcess over what was spawned.

    `starter` has the thread it was spawned on, which must not end before it.
    """

    def __init__(self, spawned: Spawned, executor: Executor, starter: Executor) -> None:
        self.lines = Lines()
        self._starter = starter
        self._spawned = spawned
        self._executor = executor
        self._tail = Tail(spawned.stderr)
        self._killed: str | None = None
        self._cleaning = asyncio.Lock()
        self._exit: SandboxExit | None = None
        self._at_end: list[Callable[[], object]] = []
        ended = os.pidfd_open(spawned.program.pid)
        self._empty = readable(spawned.inside)
        self._gone = asyncio.gather(readable(ended), self._empty)

    @property
    def pid(self) -> int:
        """The process that everything inside descends from."""
        return self._spawned.program.pid

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, as far as is known."""
        return self._empty.done() or self._killed is not None

    async def listen(self) -> None:
        """Connect the line; to be called once, first."""
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: self.lines, self._spawned.line)
        self._tail.listen()

    def at_end(self, function: Callable[[], object]) -> None:
        """Have `function` called once everything is gone."""
        self._at_end.append(function)

    def spoke(self) -> None:
        """Let what is done after its first word be done; nobody waits for that."""
        self._executor.submit(self._spawned.spoke)

    async def give(self, spec: SandboxSpec) -> None:
        """Make the workspace of a job its own. Raises OSError."""
        await self._on_thread(partial(self._spawned.give, spec))

    def check(self, spec: SandboxSpec) -> str | None:
        """Say what is over the bounds of a job. Blocks."""
        return self._spawned.check(spec)

    async def receive(self) -> bytes | None:
        """See SandboxProcess."""
        return await self.lines.receive()

    async def send(self, line: bytes) -> None:
        """See SandboxProcess."""
        await self.lines.send(line)

    async def kill(self, why: str) -> None:
        """See SandboxProcess."""
        self.end(why)

    def end(self, why: str) -> None:
        """Begin to end everything, if it has not ended; `wait` tells when it has."""
        if self._killed is None and not self._gone.done():
            self._killed = why
            if self._spawned.kill is not None:
                self._executor.submit(self._spawned.kill)
            elif not self._empty.done():
                with suppress(ProcessLookupError):  # it has ended just now
                    signal.pidfd_send_signal(self._spawned.inside, signal.SIGKILL)

    async def wait(self) -> SandboxExit:
        """See SandboxProcess."""
        await asyncio.shield(self._gone)
        async with self._cleaning:
            if self._exit is None:
                self._exit = await self._clean()
        return self._exit

    async def _clean(self) -> SandboxExit:
        code = self._spawned.program.wait()  # it has ended: this only collects it
        while self._at_end:
            self._at_end.pop()()
        found = await self._on_thread(self._spawned.clean)
        self.lines.close()
        await self._tail.end()
        # bwrap tells a signal as shells do.
        number = -code if code < 0 else code - 128 if code > 128 else None
        return SandboxExit(
            code=code if number is None else None,
            signal=number,
            killed=self._killed or (found if number == signal.SIGKILL else None),
            stderr=self._tail.text(),
        )

    async def _on_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)


def readable(fd: int) -> "asyncio.Future[None]":
    """Return what is done when `fd` can be read; then it is closed as well."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def ready() -> None:
        loop.remove_reader(fd)
        os.close(fd)
        if not future.done():
            future.set_result(None)

    loop.add_reader(fd, ready)
    return future
