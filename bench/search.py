"""How fast search is: in many messages, and in a folder of logs. `python -m bench.search`."""

import argparse
import asyncio
import bisect
import json
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import accumulate, product
from pathlib import Path

from bench.conditions import conditions
from bench.figures import Figure, table
from bench.held import watched
from bench.search_state import measure_state
from core.search.channel import search_messages
from core.search.query import parse
from core.search.source import Source
from core.state.database import Database, Transaction
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

MESSAGES = 1_000_000
MEGABYTES = 100
REPEATS = 25
_BATCH = 20_000
_ENDS = ("ber", "dan", "fel", "gor", "kin", "lam", "mos", "nid", "pur", "rol", "sen", "tav")
_STEMS = ["".join(part) for part in product("bdfgklmnprstvz", ("a", "e", "i", "or", "un"), _ENDS)]
WORDS = [f"{stem}{n or ''}" for n in range(40) for stem in _STEMS]
# As in speech, the n-th word is 1/n as frequent as the first.
_WEIGHTS = list(accumulate(1 / (n + 1) for n in range(len(WORDS))))


async def measure(
    folder: Path, messages: int = MESSAGES, megabytes: int = MEGABYTES
) -> list[Figure]:
    """Search among messages of made-up words; index, change and search a folder of logs."""
    found = await _messages(folder / "channel.db", messages)
    found += await measure_state(folder, WORDS)
    found += await _source(folder, megabytes)
    return found + await _trigrams(folder, min(megabytes, 20))


async def _messages(path: Path, count: int) -> list[Figure]:
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    chance = random.Random(1)
    for start in range(0, count, _BATCH):
        rows = [(f"m{start + n}", _said(chance)) for n in range(min(_BATCH, count - start))]
        await database.write(partial(_say, rows=rows))
    figures = []
    for what, query in _queries():
        share = await database.read(partial(_share, query=query)) / count
        search = partial(search_messages, query=parse(query), upto_seq=None, limit=20)
        figures.append(
            Figure(
                name=f"search {count:,} messages, {what}",
                unit="ms",
                values=await _repeated(partial(database.read, search)),
                median_below=20 if share <= 0.005 and " " not in query else None,
                note=f"found in {share:.2%} of them",
            )
        )
    await database.close()
    return figures


def _queries() -> list[tuple[str, str]]:
    first, second, rare = WORDS[0], WORDS[1], WORDS[400]
    return [
        ("a rare word", WORDS[2000]),
        ("a word", rare),
        ("a common word", WORDS[10]),
        ("the commonest word", first),
        ("the commonest and a rare word", f"{first} {rare}"),
        ("the two commonest", f"{first} {second}"),
        ("a phrase of the two commonest", f'"{first} {second}"'),
        ("the 24 commonest", " ".join(WORDS[:24])),
        ("a beginning of three letters", f"{rare[:3]}*"),
        ("a beginning of four letters", f"{first[:4]}*"),
        ("a beginning of two letters", f"{first[:2]}*"),
    ]


async def _source(folder: Path, megabytes: int) -> list[Figure]:
    root = folder / "logs"
    size = sum(_written(root, megabytes))
    logs = Source("logs", root, folder / "logs.db")
    async with watched() as hold:
        began = time.perf_counter()
        await logs.start()
        await logs.settled()
        took = time.perf_counter() - began
    figures = [
        Figure(name="indexing a folder of logs", unit="s/MB", values=(took / size,),
               median_below=0.1, note=f"{size / took:.1f} MB/s, {size:.0f} MB"),
        Figure(name="longest hold of the loop meanwhile", unit="ms", values=(hold.longest_ms,),
               worst_below=10),
        Figure(name="a line appended to a log of 1 MB until it is found", unit="ms",
               values=await _changes(logs, root / "build-0" / "job-0.log"), median_below=50),
        Figure(name="a small file changed until it is found", unit="ms",
               values=await _changes(logs, root / "small.log"), median_below=50),
        Figure(name="a line appended to a log of 60 MB until it is found", unit="ms",
               values=await _changes(logs, _large(root)), median_below=50),
    ]  # fmt: skip
    for query in ("pin3j", f"{WORDS[400]} ERROR", "ERROR", "req*"):
        took_each = await _repeated(partial(logs.search, parse(query), 20))
        figures.append(Figure(name=f"search {size:.0f} MB, {query}", unit="ms", values=took_each))
    await logs.stop()
    began = time.perf_counter()
    again = Source("logs", root, folder / "logs.db")
    await again.start()
    await again.settled()
    took = (time.perf_counter() - began) * 1000
    await again.stop()
    return [*figures, Figure(name="start with nothing changed", unit="ms", values=(took,))]


async def _trigrams(folder: Path, megabytes: int) -> list[Figure]:
    root = folder / "code"
    size = sum(_written(root, megabytes))
    code = Source("code", root, folder / "code.trigrams.db", trigrams=True)
    began = time.perf_counter()
    await code.start()
    await code.settled()
    took = time.perf_counter() - began
    figures = [
        Figure(name="indexing a folder that asks for trigrams", unit="s/MB", values=(took / size,),
               median_below=1 / 1.5, note=f"{size / took:.1f} MB/s, {size:.0f} MB"),
    ]  # fmt: skip
    for query in ("rro", "quest", f"{WORDS[400][1:]} ARNIN"):
        took_each = await _repeated(partial(code.search, parse(query), 20))
        figures.append(Figure(name=f"parts in {size:.0f} MB, {query}", unit="ms", values=took_each))
    await code.stop()
    return figures


async def _repeated(search: Callable[[], Awaitable[object]]) -> tuple[float, ...]:
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await search()
        took.append((time.perf_counter() - began) * 1000)
    return tuple(took)


async def _changes(logs: Source, path: Path) -> tuple[float, ...]:
    """Milliseconds from the end of a write until a search finds it, ten times."""
    took = []
    for n in range(11):
        word = f"pin{n}{path.stem[0]}"
        with path.open("a") as file:
            file.write(f"\n{word}\n")
        began = time.perf_counter()
        while not (await logs.search(parse(word), 1)).hits:
            await logs.settled()
        took.append((time.perf_counter() - began) * 1000)
        # A source rests after work; here changes come one at a time.
        await asyncio.sleep(took[-1] / 200)
    # The first one finds it still resting from all that was before.
    return tuple(took[1:])


def _said(chance: random.Random) -> str:
    """One message of 4 to 24 words."""
    return " ".join(
        WORDS[bisect.bisect(_WEIGHTS, chance.random() * _WEIGHTS[-1])]
        for _ in range(chance.randint(4, 24))
    )


def _say(tx: Transaction, rows: list[tuple[str, str]]) -> None:
    tx.executemany(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES (?, 't', 'u', 'Ann', ?, 1.0)",
        rows,
    )


def _share(tx: Transaction, query: str) -> int:
    matches = "SELECT count(*) FROM messages_words WHERE messages_words MATCH ?"
    return int(tx.execute(matches, (parse(query).all_of(),)).fetchone()[0])


def _written(root: Path, megabytes: int) -> Iterator[float]:
    """Write logs of 1 MB, four a folder; yields their sizes in MB."""
    chance = random.Random(2)
    for n in range(megabytes):
        path = root / f"build-{n // 4}" / f"job-{n % 4}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path.write_text("\n".join(_log_lines(chance, 1_000_000))) / 1e6


def _large(root: Path) -> Path:
    """A log near the largest that is indexed."""
    path = root / "large.log"
    line = " ".join(WORDS[100:112]) + "\n"
    path.write_text(line * (60_000_000 // len(line)))
    return path


def _log_lines(chance: random.Random, characters: int) -> Iterator[str]:
    """Lines as servers write them, until they are so many characters."""
    levels = ("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")
    written = at = 0
    while written < characters:
        at += 1
        a, b, c = chance.choices(WORDS, k=3)
        line = (
            f"2026-11-03T{at // 3600 % 24:02d}:{at // 60 % 60:02d}:{at % 60:02d}.{at % 1000:03d}Z"
            f" {chance.choice(levels)} {a}.{b}: request {chance.getrandbits(40):010x} took"
            f" {at % 900} ms {_said(chance)[:60]} at /srv/app/{a}/{c}.py:{at % 700}"
        )
        written += len(line) + 1
        yield line


def main() -> None:
    """Measure, and print a table, then the same as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--megabytes", type=int, default=MEGABYTES)
    given = parser.parse_args()
    under = conditions()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), given.messages, given.megabytes))
    print(table(figures))
    print(json.dumps({"conditions": under, "figures": [one.as_json() for one in figures]}))


if __name__ == "__main__":
    main()
