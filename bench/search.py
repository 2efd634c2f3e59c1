"""How fast search is: in many messages, and indexing a source folder. `python -m bench.search`."""

import argparse
import asyncio
import bisect
import json
import os
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path

from core.search.channel import search_messages
from core.search.query import parse
from core.search.source import Source
from core.state.database import Database, Transaction
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

WORDS = [
    f"{a}{b}{c}"
    for a in "bdfgklmnprstvz"
    for b in ("a", "e", "i", "or", "un")
    for c in ("ber", "dan", "fel", "gor", "kin", "lam", "mos", "nid", "pur", "rol", "sen", "tav")
] * 40
WORDS = [f"{word}{n // 840 or ''}" for n, word in enumerate(WORDS)]
# The share of messages that a word is in, as in speech: the n-th word is in 1/n as many.
WEIGHTS = list(accumulate(1 / (n + 1) for n in range(len(WORDS))))
BATCH = 20_000
REPEATS = 25


def said(chance: random.Random) -> str:
    """One message of 4 to 24 words."""
    return " ".join(
        WORDS[bisect.bisect(WEIGHTS, chance.random() * WEIGHTS[-1])]
        for _ in range(chance.randint(4, 24))
    )


def log_lines(chance: random.Random, characters: int) -> Iterator[str]:
    """Lines as servers write them, until they are so many characters."""
    levels = ("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")
    written = at = 0
    while written < characters:
        at += 1
        line = (
            f"2026-11-03T{at // 3600 % 24:02d}:{at // 60 % 60:02d}:{at % 60:02d}.{at % 1000:03d}Z"
            f" {chance.choice(levels)} {chance.choice(WORDS)}.{chance.choice(WORDS)}: request"
            f" {chance.getrandbits(40):010x} took {chance.randint(1, 900)} ms {said(chance)[:60]}"
            f" at /srv/app/{chance.choice(WORDS)}/{chance.choice(WORDS)}.py:{at % 900}"
        )
        written += len(line) + 1
        yield line


async def messages(folder: Path, count: int) -> dict[str, float]:
    """Search among `count` messages: the median in ms for words of several frequencies."""
    path = folder / "channel.db"
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    chance = random.Random(1)
    writing = 0.0
    for start in range(0, count, BATCH):
        rows = [(f"m{start + n}", said(chance)) for n in range(min(BATCH, count - start))]
        began = time.perf_counter()
        await database.write(partial(_say, rows=rows))
        writing += time.perf_counter() - began
    figures = {"a message written, µs": writing / count * 1e6}
    for share, query in await database.read(partial(_queries, count=count)):
        shown = query if len(query) < 30 else f"{query.count(' ') + 1} words"
        figures[f"{shown!r} in {share:.2%}, ms"] = await _median(database, query)
    await database.close()
    return figures


def _say(tx: Transaction, rows: list[tuple[str, str]]) -> None:
    tx.executemany(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES (?, 't', 'u', 'Ann', ?, 1.0)",
        rows,
    )


def _queries(tx: Transaction, count: int) -> list[tuple[float, str]]:
    def share(query: str) -> float:
        matches = "SELECT count(*) FROM messages_words WHERE messages_words MATCH ?"
        return float(tx.execute(matches, (parse(query).all_of(),)).fetchone()[0]) / count

    ranks = (0, 2, 10, 50, 180, 400, 2000, 20_000)
    queries = [
        *(WORDS[n] for n in ranks),
        f"{WORDS[0]} {WORDS[1]}",
        f"{WORDS[0]} {WORDS[400]}",
        " ".join(WORDS[:24]),
        " ".join((*WORDS[:23], "missing")),
        f'"{WORDS[0]} {WORDS[1]}"',
        f"{WORDS[400][:3]}*",
        f"{WORDS[0][:2]}*",
    ]
    return [(share(query), query) for query in queries]


async def _median(database: Database, query: str) -> float:
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await database.read(partial(search_messages, query=parse(query), upto_seq=None, limit=20))
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


async def source(folder: Path, megabytes: int) -> dict[str, float]:
    """Index a folder of logs, change one file in it, and search it."""
    root = folder / "logs"
    chance = random.Random(2)
    for n in range(megabytes):
        path = root / f"build-{n // 4}" / f"job-{n % 4}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(log_lines(chance, 1_000_000)))
    size = sum(path.stat().st_size for path in root.rglob("*.log"))
    logs = Source("logs", root, folder / "logs.db")
    held = asyncio.create_task(_longest_hold())
    began = time.perf_counter()
    await logs.start()
    await logs.settled()
    figures = {"indexing, MB/s": size / 1e6 / (time.perf_counter() - began)}
    held.cancel()
    figures["loop held while indexing, longest, ms"] = await held
    figures["index, bytes per byte"] = (folder / "logs.db").stat().st_size / size
    # The pause after so much work is over when the first change is taken up.
    await _change(logs, root / "build-0" / "job-0.log", "warm up")
    took = [
        await _change(logs, root / "build-0" / f"job-{n % 4}.log", f"needle{n}") for n in range(9)
    ]
    figures["a line appended to a file of 1 MB until found, ms"] = statistics.median(took)
    (root / "small.log").write_text("short\n")
    took = [await _change(logs, root / "small.log", f"pin{n}") for n in range(9)]
    figures["a small file changed until found, ms"] = statistics.median(took)
    for query in ("ERROR", "needle3", f"{WORDS[400]} ERROR", "req*"):
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            await logs.search(parse(query), 20)
            times.append(time.perf_counter() - began)
        figures[f"{query!r}, ms"] = statistics.median(times) * 1000
    began = time.perf_counter()
    await asyncio.gather(*(logs.search(parse("ERROR"), 20) for _ in range(100)))
    figures["100 searches at once for 'ERROR', ms each"] = (time.perf_counter() - began) * 10
    await logs.stop()
    began = time.perf_counter()
    again = Source("logs", root, folder / "logs.db")
    await again.start()
    await again.settled()
    figures["start with nothing changed, ms"] = (time.perf_counter() - began) * 1000
    await again.stop()
    return figures


async def _change(logs: Source, path: Path, word: str) -> float:
    """Milliseconds from the end of a write until a search finds it."""
    with path.open("a") as file:
        file.write(f"\n{word}\n")
    began = time.perf_counter()
    while not (await logs.search(parse(word), 1)).hits:
        await logs.settled()
    took = (time.perf_counter() - began) * 1000
    # Changes come one at a time here, so the pause after each is not part of the next.
    await asyncio.sleep(took / 100)
    return took


async def _longest_hold() -> float:
    """The longest time in ms that the loop was late, until cancelled."""
    longest = 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began - 0.001)
    except asyncio.CancelledError:
        return longest * 1000


def main() -> None:
    """Measure, and print a table, then the same as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=int, default=100)
    given = parser.parse_args()
    conditions = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, {given.messages} messages, {given.megabytes} MB of logs"
    )
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "messages": asyncio.run(messages(Path(folder), given.messages)),
            "source": asyncio.run(source(Path(folder), given.megabytes)),
        }
    print(conditions)
    for part, values in figures.items():
        for name, value in values.items():
            print(f"{part:9} {name:60} {value:10.2f}")
    json.dump({"conditions": conditions, **figures}, sys.stdout, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
