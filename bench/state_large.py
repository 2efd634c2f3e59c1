"""Merges and undos that touch ten thousand things in one way, each of which a plain algorithm would
look at ten thousand times. Uses the store alone, no bot."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.held import watched
from core.state.apply import merge
from core.state.database import Database, Transaction
from core.state.operations import Author, AuthorKind, Delta, Op, Operation
from core.state.questions import conflicts_view
from core.state.rules import Merging, Rule, Rules
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.state.undo import undo

MANY = 10_000
ROUNDS = 3
_TEXT = "".join(f"line {n}\n" for n in range(40))
_ANA = Author(kind=AuthorKind.PERSON, person_id="p", name="Ana")
_TOGETHER = Rules(rules=(Rule(keys="t.*", rule=Merging.TOGETHER),))
_Step = Callable[[Transaction], object]


def _merged(job: int, base: int, *operations: Operation, rules: Rules | None = None) -> _Step:
    author = Author(kind=AuthorKind.JOB, person_id="p", name="Ana", job=job)
    delta = Delta(
        source=f"job:{job}", author=author, base=base, at=0.0, about="bench", operations=operations
    )
    return partial(merge, delta=delta, rules=rules or Rules())


def _undone(commit: int) -> _Step:
    return partial(undo, commit=commit, author=_ANA, at=0.0, source=f"press:{commit}")


def _each(op: Op, job: int, prefix: str = "k") -> tuple[Operation, ...]:
    """One operation on each of MANY keys."""
    texts = op is Op.TEXT
    return tuple(
        Operation(key=f"{prefix}.{n}", op=op, argument=f"job {job}\n{_TEXT}" if texts else [job, n])
        for n in range(MANY)
    )


def _fields(job: int) -> tuple[Operation, ...]:
    return tuple(
        Operation(key="record", op=Op.PATCH, argument={f"f{n}": [job, n]}) for n in range(MANY)
    )


def _lines() -> tuple[Operation, ...]:
    return tuple(Operation(key="log", op=Op.APPEND, argument=f"line {n}") for n in range(MANY))


def _held_together(job: int) -> _Step:
    return _merged(job, 0, *_each(Op.PUT, job, "t"), rules=_TOGETHER)


def _shapes() -> dict[str, tuple[_Step, ...]]:
    """By name: what comes before, and at the end what is measured."""
    puts = [_merged(job, 0, *_each(Op.PUT, job)) for job in (1, 2, 3)]
    return {
        "undo of 10,000 values": (_merged(1, 0, *_each(Op.PUT, 1)), _undone(1)),
        "undo of 10,000 lines of one log": (_merged(1, 0, *_lines()), _merged(2, 0, *_lines()),
                                            _undone(2)),
        "10,000 fields of one record, others waiting": tuple(
            _merged(job, 0, *_fields(job)) for job in (1, 2, 3)),
        "10,000 texts, all overlapping": tuple(
            _merged(job, int(job > 1), *_each(Op.TEXT, job)) for job in (1, 2, 3)),
        "10,000 keys in one conflict": tuple(map(_held_together, (1, 2, 3))),
        "undo of 10,000 keys in one conflict": (*map(_held_together, (1, 2)), _undone(2)),
        "looking at 10,000 conflicts": (*puts, conflicts_view),
    }  # fmt: skip


async def measure_large(folder: Path) -> list[Figure]:
    """Each shape some times in a file of its own; for information, without targets."""
    figures = []
    for name, steps in _shapes().items():
        took, held = [], []
        for round_ in range(ROUNDS):
            took_ms, held_ms = await _measured(folder / f"{name} {round_}.db", steps)
            took.append(took_ms)
            held.append(held_ms)
        ideal = tuple([await _ideal(folder / f"{name} plain {n}.db") for n in range(ROUNDS)])
        figures.append(
            Figure(
                name=name, unit="ms", values=tuple(took), ideal=ideal,
                note=f"the loop held for at most {max(held):.1f} ms; the ideal is a plain insert"
                " of as many rows",
            )
        )  # fmt: skip
    return figures


async def _measured(path: Path, steps: tuple[_Step, ...]) -> tuple[float, float]:
    """Milliseconds: of the last step, and of the loop's longest hold meanwhile."""
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    try:
        for step in steps[:-1]:
            await database.write(step)
        async with watched() as hold:
            began = time.perf_counter()
            await database.write(steps[-1])
            took = (time.perf_counter() - began) * 1000
        return took, hold.longest_ms
    finally:
        await database.close()


async def _ideal(path: Path) -> float:
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    try:
        began = time.perf_counter()
        await database.write(_inserted)
        return (time.perf_counter() - began) * 1000
    finally:
        await database.close()


def _inserted(tx: Transaction) -> None:
    tx.executemany(
        "INSERT INTO operations (commit_no, entry, op, argument) VALUES (1, ?, 'put', ?)",
        ((n, str(n)) for n in range(MANY)),
    )
