"""How fast texts are merged and compared, and what being able to costs. Uses no store, no bot."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.held import watched
from core.state.text import merge_text
from core.state.text_diff import diff_lines

ROUNDS = 7
SIZES = (1_000, 10_000, 100_000)
LOADS = 3
_Triple = tuple[bytes, bytes, bytes]

_LOADING = """
import ctypes, time, asyncio, sqlite3
from core.state.text import merge_text
def memory(name):
    with open("/proc/self/smaps_rollup") as rows:
        return next(int(row.split()[1]) for row in rows if row.startswith(name))
rss, own, began = memory("Rss:"), memory("Private_Dirty:"), time.perf_counter()
merge_text(b"a", b"b", b"c")
print((time.perf_counter() - began) * 1000, memory("Rss:") - rss, memory("Private_Dirty:") - own)
"""


async def measure(folder: Path) -> list[Figure]:
    """Merges by size and kind of change, a diff, and the first use of the library."""
    figures = []
    for size in SIZES:
        for name, texts in _triples(size).items():
            target = 150 if size == 10_000 and name != "in a random order" else None
            figures.append(
                await _timed(
                    f"merging texts of {size:,} lines, {name}", partial(merge_text, *texts), target
                )
            )
    base, ours, _ = _triples(10_000)["100 changes each"]
    figures += [
        await _timed("a diff of 10,000 lines to look at", partial(diff_lines, base, ours), 150),
        await _held(),
    ]
    return figures + await asyncio.to_thread(_loads, folder)


async def _timed(name: str, work: Callable[[], object], target: float | None) -> Figure:
    values = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await asyncio.to_thread(work)
        values.append((time.perf_counter() - began) * 1000)
    return Figure(name=name, unit="ms", values=tuple(values), median_below=target)


async def _held() -> Figure:
    """How long the loop is kept waiting while a thread merges, and while nothing happens."""
    held, idle = [], []
    base, ours, theirs = _triples(10_000)["in a random order"]
    for _ in range(ROUNDS):
        async with watched() as nothing:
            await asyncio.sleep(0.2)
        async with watched() as hold:
            await asyncio.to_thread(merge_text, base, ours, theirs)
        held.append(hold.longest_ms)
        idle.append(nothing.longest_ms)
    return Figure(
        name="longest hold of the loop while 10,000 lines in a random order merge", unit="ms",
        values=tuple(held), worst_below=10, ideal=tuple(idle),
        note="the ideal is the same loop with nothing to do",
    )  # fmt: skip


def _loads(folder: Path) -> list[Figure]:
    runs = [_load(folder) for _ in range(LOADS)]
    took, whole, own = zip(*runs, strict=True)
    return [
        Figure(name="the first merge of a process", unit="ms", values=took),
        Figure(name="memory that libgit2 adds", unit="kB", values=whole),
        Figure(name="of it no other process has", unit="kB", values=own),
    ]


def _load(folder: Path) -> tuple[float, float, float]:
    command = [sys.executable, "-c", _LOADING]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, env={"HOME": str(folder)}
    )
    took, whole, own = done.stdout.split()
    return float(took), float(whole), float(own)


def _triples(size: int) -> dict[str, _Triple]:
    """The same on every run: what people do to a text, and the worst that can be done."""
    chance = random.Random(size)
    base = [f"line {n} of a text, with some words in it" for n in range(size)]
    half = size // 2

    def edited(count: int, start: int, end: int) -> list[str]:
        text = list(base)
        for _ in range(count):
            text[chance.randrange(start, end)] = f"changed {chance.randrange(10**9)}"
        return text

    def texts(*versions: list[str]) -> _Triple:
        one, two, three = ("".join(f"{line}\n" for line in text).encode() for text in versions)
        return one, two, three

    return {
        "100 changes each": texts(base, edited(100, 0, half - 1), edited(100, half, size)),
        "5 % changed by each, in conflict": texts(
            base, edited(size // 20, 0, size), edited(size // 20, 0, size)
        ),
        "in a random order": texts(
            base, chance.sample(base, len(base)), chance.sample(base, len(base))
        ),
    }
