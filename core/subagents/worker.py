"""Runs one attempt in a sandbox to its end, and says how it ended. Journals nothing itself."""

import asyncio
from dataclasses import dataclass
from functools import partial

from core.jobs.job import Asked, Completed, Failed, FailureKind, JobSpec
from core.subagents.broker import Broker
from core.subagents.broker_tools import one_line
from core.subagents.protocol import AskModel, Frame, ProtocolError, Reply, encode, parse
from core.subagents.sandbox.port import SandboxExit, SandboxProcess, SandboxSpec, Starter
from core.to_the_end import to_the_end

SILENCE_S = 60.0
"""How long a runtime may take to its next word while no tool runs."""
EXIT_S = 10.0
"""How long it may take to end after its last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One attempt: a sandbox, and the broker that answers it."""

    job: JobSpec
    sandbox: Starter
    spec: SandboxSpec
    broker: Broker

    async def work(self) -> Completed | Failed | Asked:
        """Return how it ended; when it returns or raises, nothing of it runs any more.

        Completed only after `finish` and exit code 0; Asked when it goes on with an answer.
        Raises StoreError, and SandboxUnavailable when none could be started.
        """
        limit = asyncio.timeout(self.job.timeout_s)
        self.broker.tell_lost(partial(_extend, limit))
        try:
            async with limit:
                return await self._run()
        except TimeoutError:
            if not limit.expired():
                raise
            reason = f"it was stopped after {_words(self.job.timeout_s)}, the longest it may run"
            return Failed(kind=FailureKind.TIMEOUT, reason=reason)

    async def _run(self) -> Completed | Failed | Asked:
        process = await self.sandbox.start(self.spec)
        gone = asyncio.create_task(process.wait(), name=f"end of job {self.job.id}")
        try:
            cut = await self._serve(process, gone)
            if cut is None:
                await _ended(process, gone)
        finally:
            await to_the_end(_kill(process, gone))
        return self._judged(gone.result()) if cut is None else cut

    async def _serve(
        self, process: SandboxProcess, gone: "asyncio.Task[SandboxExit]"
    ) -> Failed | Asked | None:
        """Answer until the line ends (None) or the attempt must end."""
        try:
            while (line := await self._next(process)) is not None:
                frame = parse(line)
                reply = await self._answer(frame, gone)
                if isinstance(reply, Failed | Asked):
                    return reply
                if reply is not None:
                    await process.send(encode(frame.id, reply))
        except ProtocolError as error:
            return Failed(kind=FailureKind.PROTOCOL, reason=str(error))
        return None

    async def _next(self, process: SandboxProcess) -> bytes | None:
        if self.broker.running:
            return await process.receive()
        limit = asyncio.timeout(SILENCE_S)
        try:
            async with limit:
                return await process.receive()
        except TimeoutError:
            if not limit.expired():
                raise
            raise ProtocolError(f"the subagent said nothing for {SILENCE_S:.0f} s") from None

    async def _answer(
        self, frame: Frame, gone: "asyncio.Task[SandboxExit]"
    ) -> Reply | Failed | Asked | None:
        if not isinstance(frame, AskModel):
            return await self.broker.answer(frame)
        # A model may take minutes or be away for hours: nobody pays for a dead job's answer.
        answering = asyncio.create_task(self.broker.answer(frame), name=f"job {self.job.id} asks")
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            return await answering if answering.done() else None
        finally:
            if not answering.done():
                answering.cancel()
                await asyncio.wait({answering})

    def _judged(self, end: SandboxExit) -> Completed | Failed:
        finished = self.broker.finished
        if finished is not None and end.code == 0:
            return finished
        if end.killed is not None:
            return Failed(kind=FailureKind.SANDBOX, reason=f"it was ended: {end.killed}")
        if finished is not None:
            reason = f"it had finished, but then {_how(end)}, so what it did is set aside"
        elif end.code == 0:
            reason = "it ended without having finished"
        else:
            reason = f"{_how(end)} before it had finished"
        return Failed(kind=FailureKind.CRASHED, reason=reason)


async def _ended(process: SandboxProcess, gone: "asyncio.Task[SandboxExit]") -> SandboxExit:
    """Wait for the end of a sandbox that says nothing more."""
    done, _ = await asyncio.wait({gone}, timeout=EXIT_S)
    if not done:
        await process.kill("it closed its line and went on running")
    return await asyncio.shield(gone)


async def _kill(process: SandboxProcess, gone: "asyncio.Task[SandboxExit]") -> None:
    if not gone.done():
        await process.kill("the job was ended")
    await gone


def _extend(limit: asyncio.Timeout, seconds: float) -> None:
    """A model that is away for an hour ends no job for having taken too long."""
    when = limit.when()
    if when is not None and not limit.expired():
        limit.reschedule(when + seconds)


def _how(end: SandboxExit) -> str:
    how = f"it ended with exit code {end.code}"
    if end.code is None:
        how = f"it was ended by signal {end.signal}"
    last = one_line(end.stderr.splitlines()[-1]) if end.stderr.strip() else ""
    return f"{how} ({last})" if last else how


def _words(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:g} seconds"
