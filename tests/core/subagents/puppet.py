"""A sandbox whose runtime does what a test tells it: for what an honest runtime never does."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from core.subagents.sandbox import SandboxExit, SandboxSpec

Frame = dict[str, object]


class Exit(Exception):
    """The puppet ends."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Puppet:
    """The runtime's side. `ask` and `tell` send frames, `raw` sends bytes, `exit` ends it."""

    def __init__(self) -> None:
        self.outbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.inbox: asyncio.Queue[Frame] = asyncio.Queue()
        self.number = 0

    def raw(self, line: bytes) -> None:
        """Send a line as it is."""
        self.outbox.put_nowait(line)

    def tell(self, kind: str, **fields: object) -> None:
        """Send a frame."""
        self.number += 1
        self.raw(json.dumps({"kind": kind, "id": self.number, **fields}).encode())

    async def ask(self, kind: str, **fields: object) -> Frame:
        """Send a frame and wait for its reply."""
        self.tell(kind, **fields)
        reply = await self.inbox.get()
        assert reply["id"] == self.number
        return reply

    async def greet(self) -> None:
        """Begin as a runtime begins."""
        await self.ask("hello", version=1)

    async def model(self) -> list[Frame]:
        """Ask the model; return its calls."""
        calls = (await self.ask("model"))["calls"]
        assert isinstance(calls, list)
        return calls

    def hang_up(self) -> None:
        """Close the line."""
        self.outbox.put_nowait(None)


Script = Callable[[Puppet], Awaitable[None]]


class PuppetProcess:
    """A SandboxProcess around a puppet. Remembers why it was killed."""

    def __init__(self, script: Script) -> None:
        self.puppet = Puppet()
        self.killed: str | None = None
        self._task = asyncio.create_task(self._play(script), name="puppet")

    async def _play(self, script: Script) -> int:
        try:
            await script(self.puppet)
        except Exit as end:
            return end.code
        finally:
            self.puppet.hang_up()
        return 0

    async def receive(self) -> bytes | None:
        """See SandboxProcess."""
        return await self.puppet.outbox.get()

    async def send(self, line: bytes) -> None:
        """See SandboxProcess."""
        assert line.endswith(b"\n")
        self.puppet.inbox.put_nowait(json.loads(line))

    async def wait(self) -> SandboxExit:
        """See SandboxProcess."""
        await asyncio.wait({self._task})
        if self._task.cancelled():
            return SandboxExit(code=None, signal=9, killed=self.killed, stderr="")
        return SandboxExit(
            code=self._task.result(), signal=None, killed=self.killed, stderr="a last complaint\n"
        )

    async def kill(self, why: str) -> None:
        """See SandboxProcess."""
        if self.killed is None and not self._task.done():
            self.killed = why
            self._task.cancel()


class PuppetSandbox:
    """Implements Sandbox."""

    name = "puppet"
    isolates = True
    commands_off = ""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.processes: list[PuppetProcess] = []

    async def start(self, spec: SandboxSpec) -> PuppetProcess:
        """See Sandbox."""
        process = PuppetProcess(self._script)
        self.processes.append(process)
        return process


async def finish(puppet: Puppet) -> None:
    """Work honestly up to an accepted finish."""
    await puppet.greet()
    (made,) = await puppet.model()
    reply = await puppet.ask("finish", call=made["id"], result="x", files=[])
    assert reply["ok"] is True
