"""`python -m bench`: runs the measurements, prints the conditions and a table, writes JSON."""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from bench import answers, crowd, delivery, rest, sandboxes, state, threads
from bench.conditions import conditions
from bench.figures import Figure, table

Measure = Callable[[Path], Coroutine[None, None, list[Figure]]]

MEASURES: dict[str, Measure] = {
    "answers": answers.measure,
    "hanging": threads.measure_hanging,
    "spawning": threads.measure_spawning,
    "delivery": delivery.measure,
    "memory": rest.measure_memory,
    "crowd": crowd.measure,
    "start": rest.measure_start,
    "idle": rest.measure_idle,
    "sandboxes": sandboxes.measure,
    "state": state.measure,
}


def main() -> int:
    """Measure; returns 1 when a target is missed."""
    given = _arguments()
    known = conditions()
    for name, value in known.items():
        print(f"{name}: {value}", flush=True)
    # As bot/wiring.py sets them for the process that is measured.
    sys.setswitchinterval(0.0005)
    gc.freeze()
    parts, figures = {}, []
    for name in given.only or MEASURES:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="thaw-bench-", dir=given.folder) as folder:
            found = asyncio.run(MEASURES[name](Path(folder)))
        took, load = time.monotonic() - began, os.getloadavg()[0]
        print(
            f"\n{name}, {took:.0f} s, load average after it {load:.2f}\n\n{table(found)}",
            flush=True,
        )
        parts[name] = [figure.as_json() for figure in found]
        figures += found
    if given.json is not None:
        report = {"conditions": known, "measured": parts}
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    missed = [figure.name for figure in figures if figure.passed is False]
    print(f"\n{len(missed)} targets missed{': ' if missed else ''}{', '.join(missed)}")
    return 1 if missed else 0


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
