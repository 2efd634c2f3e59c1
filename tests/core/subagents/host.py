"""A host with a script, for tests: it plays the model to a real runtime. No test in it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from core.model.chat import ToolCall
from core.subagents import protocol
from core.subagents.protocol import (
    Answer,
    AskModel,
    Begin,
    CallTool,
    End,
    Finish,
    Frame,
    Hello,
    Proceed,
    Refused,
    Result,
    Stop,
    Welcome,
)
from core.subagents.sandbox import Mount, Sandbox, SandboxExit, SandboxProcess, SandboxSpec


def spec(
    workspace: Path,
    *,
    sources: tuple[Mount, ...] = (),
    memory_mb: int = 512,
    processes: int = 64,
    disk_mb: int = 64,
) -> SandboxSpec:
    """What a test's sandbox may use."""
    return SandboxSpec(
        job="test",
        workspace=workspace,
        sources=sources,
        memory_mb=memory_mb,
        processes=processes,
        disk_mb=disk_mb,
    )


class Host:
    """Answers a runtime. Between two calls of its methods the runtime waits for the model."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.frames: list[Frame] = []
        self._calls = 0
        self._waiting: int | None = None

    async def welcome(self, *, shell: bool = True, reason: str = "") -> Self:
        """Answer the hello."""
        hello = await self.frame()
        assert isinstance(hello, Hello)
        await self._reply(hello, Welcome(shell=shell, reason=reason))
        await self._model_wanted()
        return self

    async def frame(self) -> Frame:
        """Return the next frame."""
        line = await self.process.receive()
        assert line is not None, f"the runtime has ended: {await self.process.wait()}"
        self.frames.append(protocol.parse(line))
        return self.frames[-1]

    async def call(self, tool: str, **arguments: object) -> str:
        """Have the model call one tool; return what it is told."""
        return await self.call_raw(tool, json.dumps(arguments))

    async def call_raw(self, tool: str, arguments: str) -> str:
        """Have the model call one tool with arguments as it wrote them."""
        await self.say(Answer(text="", calls=(self.tool_call(tool, arguments),)))
        frame = await self.frame()
        if isinstance(frame, CallTool):
            await self._reply(frame, Result(text=f"{frame.tool} of the host"))
            await self._model_wanted()
            return f"{frame.tool} of the host"
        assert isinstance(frame, Begin)
        await self._reply(frame, Proceed())
        end = await self.frame()
        assert isinstance(end, End)
        assert end.call == frame.call
        await self._model_wanted()
        return end.result

    async def shell(self, command: str, seconds: float | None = None) -> str:
        """Have the model run a command line, with a timeout."""
        more = {} if seconds is None else {"timeout": seconds}
        return await self.call("shell", command=command, **more)

    async def start_call(self, tool: str, **arguments: object) -> None:
        """Have the model call one tool and let it run; its end is not waited for."""
        call = self.tool_call(tool, json.dumps(arguments))
        await self.say(Answer(text="", calls=(call,)))
        frame = await self.frame()
        assert isinstance(frame, Begin)
        await self._reply(frame, Proceed())

    async def finish(self, error: str | None = None, **arguments: object) -> Finish:
        """Have the model finish; accept it, or refuse it with an error."""
        call = self.tool_call("finish", json.dumps(arguments))
        await self.say(Answer(text="", calls=(call,)))
        return await self.decide(error)

    async def decide(self, error: str | None = None) -> Finish:
        """Accept or refuse the Finish that comes next."""
        frame = await self.frame()
        assert isinstance(frame, Finish)
        await self._reply(frame, Proceed() if error is None else Refused(error=error))
        if error is not None:
            await self._model_wanted()
        return frame

    async def say(self, reply: Answer | Stop) -> None:
        """Answer the waiting question for the model."""
        assert self._waiting is not None
        waiting, self._waiting = self._waiting, None
        await self.process.send(protocol.encode(waiting, reply))

    def tool_call(self, tool: str, arguments: str) -> ToolCall:
        """A call with an id of its own."""
        self._calls += 1
        return ToolCall(id=f"call-{self._calls}", name=tool, arguments=arguments)

    async def reply(self, frame: Frame, reply: protocol.Reply) -> None:
        """Answer a frame."""
        await self._reply(frame, reply)

    async def _reply(self, frame: Frame, reply: protocol.Reply) -> None:
        await self.process.send(protocol.encode(frame.id, reply))

    async def _model_wanted(self) -> None:
        frame = await self.frame()
        assert isinstance(frame, AskModel)
        self._waiting = frame.id


@asynccontextmanager
async def hosted(sandbox: Sandbox, given: SandboxSpec) -> AsyncIterator[Host]:
    """A host of a runtime that has said hello and waits for the model; killed at the end."""
    process = await sandbox.start(given)
    try:
        yield await Host(process).welcome(shell=not sandbox.commands_off)
    finally:
        await ended(process)


async def ended(process: SandboxProcess) -> SandboxExit:
    """Kill it if it still runs; return how it ended."""
    await process.kill("the test is over")
    return await process.wait()


def runs(pid: int) -> bool:
    """Whether a process runs: one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
