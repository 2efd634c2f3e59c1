"""How fast a sandbox starts and how much memory it takes, without the bot around it."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from bench import processes
from bench.figures import Figure
from core.errors import SandboxUnavailable
from core.subagents.sandbox import Sandbox, SandboxProcess, SandboxSpec, choose

ALONE = 30
TOGETHER = 16
ROUNDS = 4


async def measure(folder: Path) -> list[Figure]:
    """One after another, 16 at once, and the memory of 16."""
    choice = await choose("bubblewrap", folder / "sandbox")
    if choice.sandbox is None:
        raise SandboxUnavailable(choice.finding)
    bench = _Bench(choice.sandbox, folder)
    await bench.start_and_end(1)
    alone: list[float] = []
    together: list[float] = []
    memory: list[float] = []
    for _ in range(ALONE):
        alone += await bench.start_and_end(1)
    for _ in range(ROUNDS):
        together += await bench.start_and_end(TOGETHER, memory.append)
    bare = [await _bare() for _ in range(ALONE)]
    return [
        Figure(
            name="sandbox start, one after another", unit="ms", values=tuple(alone),
            median_below=60, ideal=tuple(bare),
            note="to the runtime's first line; the ideal is bwrap alone, starting `true`",
        ),
        Figure(
            name=f"sandbox start, {TOGETHER} at once", unit="ms", values=tuple(together),
            median_below=60,
            note="each from the decision for all of them, so waiting for a core counts",
        ),
        Figure(
            name="PSS of an idle sandbox", unit="MB", values=tuple(memory), worst_below=8,
            note=f"mean of {TOGETHER}: bwrap, its init and the runtime, before any work",
        ),
    ]  # fmt: skip


class _Bench:
    """Starts sandboxes, reads their first line, ends them."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._count = 0

    async def start_and_end(
        self, count: int, on_memory: Callable[[float], None] | None = None
    ) -> list[float]:
        """Milliseconds of each, started at once."""
        specs = [self._spec() for _ in range(count)]
        began = time.perf_counter()
        started = await asyncio.gather(*(self._first_line(spec, began) for spec in specs))
        if on_memory is not None:
            own = [pid for pid in processes.tree(os.getpid()) if pid != os.getpid()]
            on_memory(processes.pss_mb(own) / count)
        await asyncio.gather(*(process.kill("measured") for process, _ in started))
        await asyncio.gather(*(process.wait() for process, _ in started))
        return [took for _, took in started]

    async def _first_line(self, spec: SandboxSpec, began: float) -> tuple[SandboxProcess, float]:
        process = await self._sandbox.start(spec)
        line = await process.receive()
        took = (time.perf_counter() - began) * 1000
        assert line is not None, "the runtime said nothing"
        return process, took

    def _spec(self) -> SandboxSpec:
        self._count += 1
        workspace = self._folder / f"workspace-{self._count}"
        workspace.mkdir()
        return SandboxSpec(
            job=f"bench-{self._count}",
            workspace=workspace,
            sources=(),
            memory_mb=256,
            processes=32,
            disk_mb=64,
        )


async def _bare() -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        "bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid",
        "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "true",
    )  # fmt: skip
    await process.wait()
    return (time.perf_counter() - began) * 1000
