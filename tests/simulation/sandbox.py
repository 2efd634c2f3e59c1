"""A sandbox without a process: its runtime works as the real one does, and ends as a seed says."""

import asyncio
import json
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox import SandboxExit, SandboxSpec
from core.subagents.tools import RUN_BY_HOST
from tests.simulation.consent import Consent
from tests.simulation.world import World

Frame = dict[str, object]


class _Over(Exception):
    """The runtime ends so."""

    def __init__(self, code: int | None, killed: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.killed = killed


class Process:
    """Implements SandboxProcess."""

    def __init__(self, world: World, consent: Consent, workspace: Path) -> None:
        self._world = world
        self._consent = consent
        self._workspace = workspace
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._in: asyncio.Queue[Frame] = asyncio.Queue()
        self._frames = 0
        self._killed: str | None = None
        self._task = asyncio.create_task(self._run(), name="sandbox")

    async def receive(self) -> bytes | None:
        """See SandboxProcess."""
        return await self._out.get()

    async def send(self, line: bytes) -> None:
        """See SandboxProcess."""
        self._in.put_nowait(json.loads(line))

    async def wait(self) -> SandboxExit:
        """See SandboxProcess."""
        await asyncio.wait({self._task})
        over = _Over(None, self._killed) if self._task.cancelled() else self._task.result()
        signal = 9 if over.code is None else None
        return SandboxExit(code=over.code, signal=signal, killed=over.killed, stderr="")

    async def kill(self, why: str) -> None:
        """See SandboxProcess."""
        if self._killed is None and not self._task.done():
            self._killed = why
            self._task.cancel()

    async def _run(self) -> _Over:
        try:
            await self._ask("hello", version=1)
            while True:
                answer = await self._ask("model")
                calls = answer["calls"]
                assert isinstance(calls, list)
                if not calls:
                    await self._finish(None, "")
                for call in calls:
                    await self._call(call["id"], call["name"], call["arguments"])
        except _Over as over:
            return over
        finally:
            self._out.put_nowait(None)

    async def _call(self, call: str, tool: str, arguments: str) -> None:
        if tool in RUN_BY_HOST:
            await self._ask("tool", call=call, tool=tool, arguments=arguments)
            return
        if tool == "finish":
            await self._finish(call, json.loads(arguments)["result"])
            return
        if "ok" in await self._ask("begin", call=call, tool=tool, detail=""):
            await asyncio.sleep(self._world.chance.random() * 3)
            self._perhaps()
            self._consent.ran(self._workspace.parent.name, call, tool, json.loads(arguments))
            if tool == "write_file":
                self._write(**json.loads(arguments))
            self._tell("end", call=call, result="done")

    async def _finish(self, call: str | None, result: str) -> None:
        if "ok" in await self._ask("finish", call=call, result=result, files=[]):
            self._perhaps()
            raise _Over(0)

    def _write(self, path: str, content: str) -> None:
        target = self._workspace / path
        target.parent.mkdir(exist_ok=True)
        # Never as long as before, so that what tells files apart needs no clock of the machine.
        before = target.stat().st_size if target.exists() else 0
        target.write_text(content.ljust(before + 1))

    async def _ask(self, kind: str, **fields: object) -> Frame:
        self._perhaps()
        self._tell(kind, **fields)
        return await self._in.get()

    def _tell(self, kind: str, **fields: object) -> None:
        self._frames += 1
        frame = {"kind": kind, "id": self._frames, **fields}
        self._out.put_nowait(json.dumps(frame).encode())

    def _perhaps(self) -> None:
        """Whatever may happen to a process."""
        world = self._world
        if not world.strikes(world.weather.sandbox):
            return
        match world.faults.randrange(4):
            case 0:
                raise _Over(1)
            case 1:
                raise _Over(None, "it used more memory than it may")
            case 2:
                self._out.put_nowait(b"not JSON")
            case _:
                self._out.put_nowait(b'{"kind": "hello", "id": 1, "version": 1}')


class PretendSandbox:
    """Implements Sandbox."""

    name = "pretend"
    isolates = True
    commands_off = ""

    def __init__(self, world: World, consent: Consent) -> None:
        self._world = world
        self._consent = consent

    async def start(self, spec: SandboxSpec) -> Process:
        """See Sandbox."""
        await asyncio.sleep(self._world.chance.random() * 0.1)
        if self._world.strikes(self._world.weather.sandbox / 4):
            raise SandboxUnavailable("no more processes")
        return Process(self._world, self._consent, spec.workspace)
