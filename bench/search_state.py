"""How fast a channel's state and files are indexed and searched, by how many. Part of
`python -m bench.search`."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from bench.figures import Figure
from bench.processes import pss_mb
from core.messages import ChannelRef
from core.search.indexing import Indexing
from core.search.memory import advance
from core.search.search import FILES, STATE, Search
from core.search.sources import Sources
from core.state.apply import merge
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.state.operations import Author, AuthorKind, Delta, FileChange, Op, Operation
from core.state.rules import Rules
from core.tasks import Tasks

_ANN = Author(kind=AuthorKind.PERSON, person_id="u", name="Ann")
_SIZES = (1_000, 10_000, 100_000)
_AT_ONCE = 10_000
_SUBAGENTS = 100
_REPEATS = 15
_FILE_MB = 4


async def measure_state(folder: Path, words: list[str]) -> list[Figure]:
    """Channels of several sizes: each indexed, searched at head and at an old commit, and by many
    at once."""
    channels, tasks = Channels(folder), Tasks()
    search = Search(channels, Sources([], folder), Indexing(channels, tasks.spawn))
    figures: list[Figure] = []
    for size in _SIZES:
        channel = ChannelRef(platform="web", workspace="bench", channel=str(size))
        for start in range(0, size, _AT_ONCE):
            changes = [_put(n, words) for n in range(start, min(size, start + _AT_ONCE))]
            await channels.write(channel, partial(_merge, source=f"{start}", changes=changes))
        figures += await _indexed(channels, channel, f"{size:,} values")
        for what, commit in (("", None), (", as of the first commit", 1)):
            took = [await _timed(partial(search.find, channel, words[300], STATE, commit=commit))
                    for _ in range(_REPEATS)]  # fmt: skip
            figures.append(
                Figure(name=f"search {size:,} values{what}", unit="ms", values=tuple(took),
                       median_below=20)
            )  # fmt: skip
    channel = ChannelRef(platform="web", workspace="bench", channel="file")
    text = "\n".join(" ".join(Random(n).choices(words, k=12)) for n in range(_FILE_MB * 11_000))
    change = FileChange(path="big.txt", content=text.encode())
    await channels.write(channel, partial(_merge, source="f", changes=[change]))
    figures += await _indexed(channels, channel, f"a file of {len(text) / 1e6:.1f} MB")
    figures += await _crowd(search, channels, words)
    await tasks.close()
    await channels.close()
    return figures


async def _crowd(search: Search, channels: Channels, words: list[str]) -> list[Figure]:
    """A hundred ask at once, while there is something to be indexed and when there is nothing."""
    channel = ChannelRef(platform="web", workspace="bench", channel=str(_SIZES[-1]))
    changes = [_put(n, words) for n in range(_AT_ONCE)]
    await channels.write(channel, partial(_merge, source="again", changes=changes))
    found = []
    before = pss_mb([os.getpid()])
    for what in ("10,000 new values waiting", "nothing waiting"):
        asked = [search.find(channel, word, STATE) for word in words[300 : 300 + _SUBAGENTS]]
        began = time.perf_counter()
        await asyncio.gather(*asked)
        took = (time.perf_counter() - began) * 1000
        found.append(
            Figure(name=f"{_SUBAGENTS} subagents search at once, {what}", unit="ms",
                   values=(took,), note="until the last is answered")
        )  # fmt: skip
    await asyncio.gather(*(search.find(channel, word, FILES) for word in words[:_SUBAGENTS]))
    more = pss_mb([os.getpid()]) - before
    rows = await channels.read(channel, _rows)
    note = f"{rows:,} rows are indexed for {_SIZES[-1] + _AT_ONCE:,} values: none twice"
    return [*found, Figure(name="PSS more after that", unit="MB", values=(more,), note=note)]


async def _indexed(channels: Channels, channel: ChannelRef, what: str) -> list[Figure]:
    steps: list[float] = []

    def step(tx: Transaction) -> bool:
        began = time.thread_time()
        more = advance(tx)
        steps.append((time.thread_time() - began) * 1000)
        return more

    while await channels.write(channel, step):
        pass
    return [
        Figure(name=f"indexing {what}", unit="CPU ms", values=(sum(steps),)),
        Figure(name="one step of it", unit="CPU ms", values=tuple(steps)),
    ]


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


def _put(n: int, words: list[str]) -> Operation:
    chance = Random(n)
    return Operation(key=f"key.{n}", op=Op.PUT, argument=" ".join(chance.choices(words, k=10)))


def _merge(tx: Transaction, source: str, changes: Sequence[Operation | FileChange]) -> None:
    delta = Delta(
        source=source, author=_ANN, base=head(tx), at=1.0, about="bench",
        operations=tuple(one for one in changes if isinstance(one, Operation)),
        files=tuple(one for one in changes if isinstance(one, FileChange)),
    )  # fmt: skip
    merge(tx, delta, Rules())


def _rows(tx: Transaction) -> int:
    return int(tx.execute("SELECT count(*) FROM state_texts").fetchone()[0])
