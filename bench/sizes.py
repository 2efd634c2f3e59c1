"""What merging and reading cost as a channel and a delta grow. Uses the store alone, no bot."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.state import as_delta, merge_delta, opened
from core.state.database import Database, Transaction
from core.state.entries import read_entry
from core.state.facts import head
from core.state.operations import Op, Operation

_PIECE = 50_000
_SMALL = 100
ROUNDS = 20
SIZES = (1_000, 10_000, 100_000, 1_000_000)
DELTAS = (100, 1_000, 10_000, 100_000)


async def measure(folder: Path) -> list[Figure]:
    """Merges of growing deltas, a small one in growing channels, and reads of long histories."""
    return [
        *await _growing_deltas(folder / "deltas.db"),
        *await _growing_channel(folder / "channel.db"),
        await _long_history(folder / "history.db"),
    ]


async def _growing_deltas(path: Path) -> list[Figure]:
    """Each delta changes half as many keys as it has operations, all known already."""
    figures = []
    async with opened(path) as database:
        keys = range(DELTAS[-1] // 2)
        await _write(database, "turn:first", tuple(_put(n, 0) for n in keys))
        for size in DELTAS:
            took = []
            for round_ in range(3):
                operations = tuple(_put(n % (size // 2), n + round_ + 1) for n in range(size))
                took.append(await _write(database, f"turn:{size}.{round_}", operations))
            figures.append(
                Figure(name=f"merging {size:,} operations over {size // 2:,} keys", unit="ms",
                       values=tuple(took))
            )  # fmt: skip
    return figures


async def _growing_channel(path: Path) -> list[Figure]:
    """A delta of 100 operations, half of them on known keys, in a channel of so many versions."""
    figures = []
    async with opened(path) as database:
        versions = 0
        for size in SIZES:
            while versions < size:
                some = range(versions, versions + min(_PIECE, size - versions, size // 4))
                operations = tuple(_put(n % (size // 4), n) for n in some)
                await _write(database, f"turn:fill-{versions}", operations)
                versions = await database.read(_versions)
            took = []
            for round_ in range(ROUNDS):
                known = tuple(_put(n * 97 % (size // 4), [round_]) for n in range(_SMALL // 2))
                new = tuple(_put(n, round_, f"new.{size}.{round_}") for n in range(_SMALL // 2))
                took.append(await _write(database, f"turn:{size}.{round_}", known + new))
            figures.append(
                Figure(
                    name=f"merging {_SMALL} operations into {size:,} versions", unit="ms",
                    values=tuple(took), median_below=10 if size == SIZES[-1] else None,
                )
            )  # fmt: skip
    return figures


async def _long_history(path: Path) -> Figure:
    """A key with 10,000 versions, read at commits all over its history."""
    versions = 10_000
    async with opened(path) as database:
        await database.write(partial(_rewrite, times=versions))
        took = [
            await _timed(database, partial(_read, at=1 + place * 991 % versions))
            for place in range(200)
        ]
    return Figure(
        name=f"reading a key of {versions:,} versions at a commit", unit="ms",
        values=tuple(took), median_below=1,
    )  # fmt: skip


def _rewrite(tx: Transaction, times: int) -> None:
    for n in range(times):
        merge_delta(tx, as_delta(f"turn:{n}", 10**9, (_put(1, n),)))


def _read(tx: Transaction, at: int) -> None:
    entry = read_entry(tx, "key.1", at)
    assert entry is not None
    assert entry.value == at - 1


def _put(key: int, value: object, prefix: str = "key") -> Operation:
    argument = value if isinstance(value, int) else str(value)
    return Operation(key=f"{prefix}.{key}", op=Op.PUT, argument=argument)


def _versions(tx: Transaction) -> int:
    (count,) = tx.execute("SELECT count(*) FROM versions").fetchone()
    return int(count)


async def _write(database: Database, source: str, operations: tuple[Operation, ...]) -> float:
    newest = await database.read(head)
    delta = as_delta(source, newest, operations)
    began = time.perf_counter()
    await database.write(partial(merge_delta, delta=delta))
    return (time.perf_counter() - began) * 1000


async def _timed(database: Database, function: Callable[[Transaction], None]) -> float:
    began = time.perf_counter()
    await database.read(function)
    return (time.perf_counter() - began) * 1000
