"""How a load goes while it goes: a line every few seconds, and what memory does. Judges nothing."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench import processes

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LINE_S = 5.0
_STILL_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Of one second: when (of the monotonic clock), and the resident memory in MB (10^6 bytes)."""

    at: float
    memory_mb: float


class Course:
    """Follows processes (name to id, the first is the one whose memory counts) and what is owed.

    `owed` tells how many answers each platform's people still wait for. As a context it prints.
    """

    def __init__(
        self, pids: Mapping[str, int], owed: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> None:
        self._pids = pids
        self._owed = owed
        self._began = time.monotonic()
        self._used = {name: processes.cpu_s([pid]) for name, pid in pids.items()}
        self._lined = self._began
        self._before: Mapping[str, int] = {}
        self._moved: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.phase = ""
        self.samples: list[Sample] = []
        self.still = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._sample(), name="samples"),
            asyncio.create_task(self._follow(), name="course"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def slope(self, since: float, until: float) -> float:
        """How memory grew in that time, in MB a minute: the line that fits the samples best."""
        chosen = [one for one in self.samples if since <= one.at <= until]
        if len(chosen) < 2:
            return 0.0
        times, sizes = [one.at for one in chosen], [one.memory_mb for one in chosen]
        return 60 * statistics.linear_regression(times, sizes).slope

    async def _sample(self) -> None:
        pid = next(iter(self._pids.values()))
        while True:
            self.samples.append(Sample(at=time.monotonic(), memory_mb=_resident_mb(pid)))
            await asyncio.sleep(1.0)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LINE_S)
            self._line(await self._owed())

    def _line(self, owed: Mapping[str, int]) -> None:
        now = time.monotonic()
        used = {name: processes.cpu_s([pid]) for name, pid in self._pids.items()}
        shares = [
            f"{name} {100 * (used[name] - self._used[name]) / (now - self._lined):3.0f} %"
            for name in used
        ]
        waits = [f"{name} {number:4}" for name, number in owed.items()]
        memory = f"{self.samples[-1].memory_mb:.0f} MB" if self.samples else ""
        line = [f"{now - self._began:4.0f} s {self.phase:7}", *shares, memory, "owed:", *waits]
        print("  ".join(line), flush=True)
        self._used, self._lined = used, now
        self._see_who_stands(owed, now)

    def _see_who_stands(self, owed: Mapping[str, int], now: float) -> None:
        for name, number in owed.items():
            if number == 0 or number != self._before.get(name):
                self._moved[name] = now
            if now - self._moved.setdefault(name, now) > _STILL_S:
                self.still.set()
        self._before = owed


def child(word: str) -> int:
    """The process with this word on its command line that descends from this one."""
    for pid in processes.tree(os.getpid())[1:]:
        with suppress(OSError):  # what is in a sandbox comes and goes
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    raise LookupError(f"no process of {word}")


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
    except (OSError, IndexError):
        return 0.0
