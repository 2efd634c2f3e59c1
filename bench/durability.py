"""What keeping costs: commits and milliseconds of one message and of one step of a job, as the bot
does it (`synchronous` NORMAL: a kill loses nothing) and with FULL (nor does a power cut)."""

import asyncio
import logging
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from bench.figures import Figure
from bench.page import Page, arrived, connected, is_result
from bench.rig import model_server
from bot.config import Config, load
from bot.wiring import started

MESSAGES = 100
JOBS = 5
STEPS_MORE = 4
"""So many steps more than `short` work does `five` work, each a model call and a command."""
_MODES = ("NORMAL", "FULL")


@dataclass(slots=True)
class _Tally:
    """Transactions that were committed, and the seconds from their beginning to their end."""

    commits: int = 0
    seconds: float = 0.0

    def since(self, before: "_Tally") -> "_Tally":
        return _Tally(self.commits - before.commits, self.seconds - before.seconds)

    def copy(self) -> "_Tally":
        return _Tally(self.commits, self.seconds)


async def measure(folder: Path) -> list[Figure]:
    """The whole bot in this process, with every connection watched."""
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    figures: list[Figure] = []
    async with model_server(folder) as model:
        for mode in _MODES:
            with _watched(mode) as tally:
                async with _bot(folder / mode, model.url) as page:
                    messages = await _messages(page, tally)
                    steps = await _steps(page, tally)
            figures += _figures(mode, "a message and its answer", messages)
            figures += _figures(mode, "a step of a job: a model call and a command", steps)
    return figures


def _figures(mode: str, what: str, found: list[_Tally]) -> list[Figure]:
    commits = tuple(float(one.commits) for one in found)
    ms = tuple(1000 * one.seconds for one in found)
    return [
        Figure(
            name=f"{what}, {mode}", unit="commits", values=commits,
            note="of the channel's file, the job's and control.db",
        ),
        Figure(name=f"{what}, {mode}", unit="ms", values=ms, note="from BEGIN to the commit's end"),
    ]  # fmt: skip


async def _messages(page: Page, tally: _Tally) -> list[_Tally]:
    await page.ask("ping warm.")
    found = []
    for number in range(MESSAGES):
        before = tally.copy()
        await page.ask(f"ping {number}.")
        found.append(tally.since(before))
    return found


async def _steps(page: Page, tally: _Tally) -> list[_Tally]:
    """The mean of a step in each of some jobs that run one after another."""
    short = [await _job(page, tally, "short", number + 1) for number in range(JOBS)]
    base = statistics.median(one.seconds for one in short)
    found = []
    for number in range(JOBS):
        long = await _job(page, tally, "five", JOBS + number + 1)
        commits = round((long.commits - short[0].commits) / STEPS_MORE)
        found.append(_Tally(commits, (long.seconds - base) / STEPS_MORE))
    return found


async def _job(page: Page, tally: _Tally, kind: str, number: int) -> _Tally:
    before = tally.copy()
    result = page.frame(lambda frame: is_result(number, frame))
    await page.say(f"start 1 {kind}")
    await arrived(result)
    return tally.since(before)


@asynccontextmanager
async def _bot(folder: Path, model: str) -> AsyncIterator[Page]:
    async with started(await asyncio.to_thread(_configured, folder, model)) as url:
        assert url is not None
        async with connected(url) as page:
            yield page


def _configured(folder: Path, model: str) -> Config:
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(
        f'[bot]\ndata_dir = "{folder}/data"\n[web]\nport = 0\n'
        f'[model]\nbase_url = "{model}"\nname = "bench"\n'
    )
    return load(config)


@contextmanager
def _watched(mode: str) -> Iterator[_Tally]:
    """Every connection that is opened meanwhile has this `synchronous`, and is counted."""
    tally, lock, real = _Tally(), Lock(), sqlite3.connect

    class Watched(sqlite3.Connection):
        """Notes when each write transaction begins and ends."""

        began = 0.0

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            """See sqlite3.Connection."""
            if sql == "BEGIN IMMEDIATE":
                self.began = time.perf_counter()
            wanted = sql.replace("synchronous = NORMAL", f"synchronous = {mode}")
            done = super().execute(wanted, *values)
            if sql == "COMMIT" and self.began:
                with lock:
                    tally.commits += 1
                    tally.seconds += time.perf_counter() - self.began
            return done

    def connect(*places: Any, **options: Any) -> sqlite3.Connection:
        made: Any = real
        opened: sqlite3.Connection = made(*places, factory=Watched, **options)
        return opened

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield tally
    finally:
        sqlite3.connect = real
