"""How fast a channel's snapshot is taken and a delta merged. Uses the store alone, no bot."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.held import watched
from bench.state_large import measure_large
from core.records import messages
from core.state.apply import merge
from core.state.database import Database, Transaction
from core.state.entries import read_entry
from core.state.facts import head
from core.state.operations import Author, AuthorKind, Delta, Op, Operation
from core.state.rules import Rules
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

OPERATIONS = 10_000
ROUNDS = 5
SNAPSHOTS = 200
_VALUE = "x" * 10_000
_PIECE = 5_000  # operations a merge while a channel is filled
_WAITING = 4


async def measure(folder: Path) -> list[Figure]:
    """Snapshots of a small and a large channel, merges of several kinds."""
    small, bare = await _snapshots(folder / "small.db", megabytes=1)
    large, _ = await _snapshots(folder / "large.db", megabytes=1000)
    figures = [
        Figure(
            name=f"snapshot of a channel of {size}", unit="ms", values=values,
            median_below=1, ideal=bare,
            note="taken and one key read at it; the ideal is the way to the file's thread and back",
        )
        for size, values in (("1 MB", small), ("1 GB", large))
    ]  # fmt: skip
    for name, shape in _SHAPES.items():
        figures += await _merges(folder / f"{name.replace(' ', '-')}.db", name, shape)
    figures += await _conflicts(folder)
    return [*figures, *await measure_large(folder)]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """A channel's file, made where there is none."""
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    try:
        yield database
    finally:
        await database.close()


async def _snapshots(path: Path, megabytes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    took, bare = [], []
    async with opened(path) as database:
        await _fill(database, megabytes)
        for _ in range(SNAPSHOTS):
            took.append(await _timed(database, _snapshot))
            bare.append(await _timed(database, lambda tx: tx.in_transaction))
    _remove(path, at_least=megabytes)
    return tuple(took), tuple(bare)


def _remove(path: Path, at_least: int) -> None:
    size = path.stat().st_size / 1e6
    assert size > at_least, f"the file had only {size} MB"
    path.unlink()


def _snapshot(tx: Transaction) -> tuple[int, int]:
    """What a job starts with, and one read at it, as a job does it."""
    base = head(tx)
    assert read_entry(tx, "fill.0", base) is not None
    return base, messages.newest(tx)


async def _timed(database: Database, function: Callable[[Transaction], object]) -> float:
    began = time.perf_counter()
    await database.read(function)
    return (time.perf_counter() - began) * 1000


async def _fill(database: Database, megabytes: int) -> None:
    """Half of it values, old versions among them, half of it messages."""
    count = megabytes * 1_000_000 // len(_VALUE)
    for start in range(0, count, _PIECE):
        span = range(start, min(start + _PIECE, count))
        operations = tuple(
            Operation(key=f"fill.{n % max(1, count // 2)}", op=Op.PUT, argument=f"{n} {_VALUE}")
            for n in span
        )
        await database.write(
            partial(merge_delta, delta=as_delta(f"turn:fill-{start}", 10**6, operations))
        )


def merge_delta(tx: Transaction, delta: Delta) -> int:
    """Merge it, based on head where it names a later base; returns the lines of the receipt."""
    newest = head(tx)
    base = min(delta.base, newest)
    made = Delta(
        source=delta.source, author=delta.author, base=base, at=delta.at, about=delta.about,
        operations=delta.operations,
    )  # fmt: skip
    merged = merge(tx, made, Rules())
    assert merged.commit == newest + 1
    return len(merged.receipt)


def as_delta(source: str, base: int, operations: tuple[Operation, ...], job: int = 1) -> Delta:
    """The operations as a job's delta."""
    author = Author(kind=AuthorKind.JOB, person_id="p", name="Ana", job=job)
    return Delta(
        source=source, author=author, base=base, at=0.0, about="bench", operations=operations
    )


def _new_values(round_: int) -> tuple[Operation, ...]:
    return tuple(
        Operation(key=f"new.{round_}.{n}", op=Op.PUT, argument={"n": n, "text": "a value"})
        for n in range(OPERATIONS)
    )


def _mixed(round_: int) -> tuple[Operation, ...]:
    """A fifth each: new values, known values, counters, elements of sets, lines of logs."""
    fifth = range(OPERATIONS // 5)
    return (
        *(Operation(key=f"new.{round_}.{n}", op=Op.PUT, argument=n) for n in fifth),
        *(Operation(key=f"old.{n}", op=Op.PUT, argument=[round_, n]) for n in fifth),
        *(Operation(key=f"count.{n % 50}", op=Op.ADD, argument=n) for n in fifth),
        *(Operation(key=f"set.{n % 5}", op=Op.INCLUDE, argument=f"e{n}") for n in fifth),
        *(Operation(key=f"log.{n % 5}", op=Op.APPEND, argument=f"line {n}") for n in fifth),
    )


def _conflicting(round_: int) -> tuple[Operation, ...]:
    return tuple(
        Operation(key=f"hot.{n}", op=Op.PUT, argument=[round_, n]) for n in range(OPERATIONS)
    )


_SHAPES: dict[str, Callable[[int], tuple[Operation, ...]]] = {
    "new values": _new_values,
    "all kinds": _mixed,
}


async def _merges(
    path: Path, name: str, shape: Callable[[int], tuple[Operation, ...]]
) -> list[Figure]:
    """Merge it in rounds: every delta but the first is based on what its forerunner replaced."""
    rounds = []
    async with opened(path) as database:
        await database.write(partial(merge_delta, delta=as_delta("turn:first", 0, shape(0))))
        for round_ in range(1, ROUNDS + 1):
            delta = as_delta(f"job:{round_}", 10**6, shape(round_), round_)
            rounds.append(await _merge_watched(database, delta))
    return _figures(name, rounds)


async def _conflicts(folder: Path) -> list[Figure]:
    """Deltas that replace what others replaced meanwhile, key by key: the first to wait for a
    decision there, and one that finds others waiting."""
    first, later = [], []
    for file in range(ROUNDS):
        async with opened(folder / f"conflicts-{file}.db") as database:
            start = as_delta("turn:first", 0, _conflicting(0))
            await database.write(partial(merge_delta, delta=start))
            rounds = [
                await _merge_watched(database, as_delta(f"job:{job}", 0, _conflicting(job), job))
                for job in range(1, _WAITING + 2)
            ]
            first.append(rounds[0])
            later.append(rounds[-1])
    waiting = Figure(
        name=f"merging {OPERATIONS:,} operations, {_WAITING} others waiting for each key",
        unit="ms",
        values=tuple(took for took, _, _ in later),
    )
    return [*_figures("all in conflict", first), waiting]


async def _merge_watched(database: Database, delta: Delta) -> tuple[float, float, float]:
    """Milliseconds: of the merge, of the loop's longest hold meanwhile, and of one when idle."""
    async with watched() as nothing:
        await asyncio.sleep(0.2)
    async with watched() as hold:
        began = time.perf_counter()
        await database.write(partial(merge_delta, delta=delta))
        took = (time.perf_counter() - began) * 1000
    return took, hold.longest_ms, nothing.longest_ms


def _figures(name: str, rounds: list[tuple[float, float, float]]) -> list[Figure]:
    took, held, idle = zip(*rounds, strict=True)
    return [
        Figure(
            name=f"merging {OPERATIONS:,} operations, {name}", unit="ms", values=took,
            median_below=250, worst_below=None,
        ),
        Figure(
            name=f"longest hold of the loop meanwhile, {name}", unit="ms", values=held,
            worst_below=10, ideal=idle, note="the ideal is the same loop with nothing to do",
        ),
    ]  # fmt: skip
