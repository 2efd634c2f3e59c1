"""How fast a sandbox starts and how much memory it takes, without the bot around it."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from bench import processes
from bench.figures import Figure
from core.errors import SandboxUnavailable
from core.subagents.sandbox import (
    Beginning,
    Choice,
    SandboxProcess,
    SandboxSpec,
    Shape,
    Spares,
    choose,
    launch,
)
from core.subagents.sandbox.spares import KEPT

_SHAPE = Shape(sources=(), memory_mb=256, processes=32)
ALONE = 30
TOGETHER = 16
ROUNDS = 4


async def measure(folder: Path) -> list[Figure]:
    """One after another, 16 at once with and without spare ones, and the memory of 16."""
    choice = await choose("bubblewrap", folder / "sandbox")
    if choice.sandbox is None or choice.spares is None:
        raise SandboxUnavailable(choice.finding)
    bench = _Bench(choice, folder)
    await bench.start_and_end(1)
    alone: list[float] = []
    unprepared: list[float] = []
    together: list[float] = []
    memory: list[float] = []
    for _ in range(ALONE):
        alone += await bench.start_and_end(1)
    for _ in range(ROUNDS):
        unprepared += await bench.start_and_end(TOGETHER, memory.append)
    async with _kept(choice.spares):
        for _ in range(ROUNDS):
            await choice.spares.full()
            together += await bench.start_and_end(TOGETHER)
    bare = _Bare()
    bare_alone = [took for _ in range(ALONE) for took in await bare.start_and_end(1)]
    bare_together = [took for _ in range(ROUNDS) for took in await bare.start_and_end(TOGETHER)]
    return [
        Figure(
            name="sandbox start, one after another", unit="ms", values=tuple(alone),
            median_below=60, ideal=tuple(bare_alone),
            note="to the runtime's first line; the ideal is a bare bwrap around a bare python -c",
        ),
        Figure(
            name=f"sandbox start, {TOGETHER} at once", unit="ms", values=tuple(together),
            median_below=60, ideal=tuple(bare_together),
            note="each from the decision for all, so waiting for a core counts; the ideal too; "
            f"{KEPT} of them were started ahead, as they are in a bot that has rested for a moment",
        ),
        Figure(
            name=f"sandbox start, {TOGETHER} at once, none started ahead", unit="ms",
            values=tuple(unprepared), ideal=tuple(bare_together),
            note="right after another such crowd",
        ),
        Figure(
            name="PSS of an idle sandbox", unit="MB", values=tuple(memory), worst_below=8,
            note=f"mean of {TOGETHER}: bwrap, its init and the runtime, before any work",
        ),
    ]  # fmt: skip


class _Bench:
    """Starts sandboxes as the engine does, reads their first line, ends them."""

    def __init__(self, choice: Choice, folder: Path) -> None:
        self._choice = choice
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
        async with Beginning(self._choice) as beginning:
            empty = await beginning.empty_folder(_SHAPE)
            if empty is None:
                await asyncio.to_thread(spec.workspace.mkdir)
            else:
                await asyncio.to_thread(empty.rename, spec.workspace)
            process = await beginning.start(spec)
        line = await process.receive()
        took = (time.perf_counter() - began) * 1000
        assert line is not None, "the runtime said nothing"
        return process, took

    def _spec(self) -> SandboxSpec:
        self._count += 1
        return SandboxSpec(
            job=f"bench-{self._count}",
            workspace=self._folder / f"workspace-{self._count}",
            sources=_SHAPE.sources,
            memory_mb=_SHAPE.memory_mb,
            processes=_SHAPE.processes,
            disk_mb=64,
        )


@asynccontextmanager
async def _kept(spares: Spares) -> AsyncIterator[None]:
    keeping = asyncio.create_task(spares.keep(_SHAPE), name="keep spare sandboxes")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


class _Bare:
    """Starts what no such sandbox can do without: bwrap, and in it Python, which says a word.

    It bounds nothing, gives up no rights and prepares no files.
    """

    _NAMESPACES = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--as-pid-1")
    _MOUNTS = ("--proc", "/proc", "--dev", "/dev")
    _PROGRAM = "import posix; posix.write(1, b'!'); posix.read(0, 1); posix._exit(0)"

    def __init__(self) -> None:
        python = launch.own_interpreter()
        words = ["bwrap", *self._NAMESPACES, *self._MOUNTS]
        for folder in ("/usr", "/lib", "/lib64", str(python.binary.parents[1])):
            words += ["--ro-bind-try", folder, folder]
        if python.library is not None:
            words += ["--setenv", "LD_LIBRARY_PATH", str(python.library)]
        self._words = [*words, str(python.binary), *launch.FLAGS, "-c", self._PROGRAM]
        # As many at a time as the sandbox starts (see local.py).
        self._starter = ThreadPoolExecutor(len(os.sched_getaffinity(0)) + 1)

    async def start_and_end(self, count: int) -> list[float]:
        """Milliseconds of each, started at once."""
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        starting = [
            loop.run_in_executor(self._starter, self._first_word, began) for _ in range(count)
        ]
        started = await asyncio.gather(*starting)
        for process, _ in started:
            process.communicate()
        return [took for _, took in started]

    def _first_word(self, began: float) -> tuple["subprocess.Popen[bytes]", float]:
        process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        word = process.stdout.read(1)
        assert word == b"!", "the bare program said nothing"
        return process, (time.perf_counter() - began) * 1000
