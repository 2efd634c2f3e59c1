"""How fast a sandbox starts and how much memory it takes, without the bot around it."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import processes
from bench.figures import Figure
from core.errors import SandboxUnavailable
from core.subagents.sandbox import Sandbox, SandboxProcess, SandboxSpec, choose, launch

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
            note="each from the decision for all, so waiting for a core counts; the ideal too",
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
