"""`python -m bench`: runs the measurements, prints the conditions and a table, writes JSON."""

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvloop

from bench import (
    answers,
    crowd,
    delivery,
    durability,
    messages,
    money,
    platforms,
    recovery,
    rest,
    sandboxes,
    search,
    sizes,
    state,
    text,
    threads,
    tokens,
)
from bench.conditions import Others, conditions
from bench.figures import Figure, table

Measure = Callable[[Path], Coroutine[None, None, list[Figure]]]

MEASURES: dict[str, Measure] = {
    "answers": answers.measure,
    "messages": messages.measure,
    "hanging": threads.measure_hanging,
    "spawning": threads.measure_spawning,
    "delivery": delivery.measure,
    "memory": rest.measure_memory,
    "crowd": crowd.measure,
    "start": rest.measure_start,
    "idle": rest.measure_idle,
    "recovery": recovery.measure,
    "durability": durability.measure,
    "sandboxes": sandboxes.measure,
    "state": state.measure,
    "sizes": sizes.measure,
    "text": text.measure,
    "search": search.measure,
    "money": money.measure,
    "tokens": tokens.measure,
    "platforms": platforms.measure,
}


def main() -> int:
    """Measure; returns 1 when a target is missed."""
    given = _arguments()
    known = conditions()
    for name, value in known.items():
        print(f"{name}: {value}", flush=True)
    # As bot/wiring.py has them, for what is measured in this process.
    sys.setswitchinterval(0.0005)
    gc.freeze()
    gc.set_threshold(50_000, 20, 1000)
    parts: dict[str, object] = {}
    missed: list[str] = []
    for name in given.only or MEASURES:
        figures, others = _measured(name, given.folder)
        parts[name] = {"others_cores": others, "figures": [one.as_json() for one in figures]}
        missed += [one.name for one in figures if one.passed is False]
    if given.json is not None:
        report = {"conditions": known, "measured": parts}
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{len(missed)} targets missed{': ' if missed else ''}{', '.join(missed)}")
    return 1 if missed else 0


def _measured(name: str, place: Path | None) -> tuple[list[Figure], float]:
    """The figures of one measurement, printed, and the cores that others used meanwhile."""
    others, began = Others(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="thaw-bench-", dir=place) as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,  # as bot/cli.py has it
    ):
        figures = runner.run(MEASURES[name](Path(folder)))
    cores, took = others.cores(), time.monotonic() - began
    print(f"\n{name}: {took:.0f} s, others used {cores:.2f} cores meanwhile\n")
    print(table(figures), flush=True)
    return figures, round(cores, 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=list(MEASURES), help="measure this (may be repeated)"
    )
    parser.add_argument("--json", type=Path, help="write all values to this file")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where to make files of up to 2 GB (the system's own by default)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
