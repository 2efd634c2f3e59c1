"""How much later than the model an answer comes while jobs run. The bot is a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.figures import Figure
from bench.page import Page, connected
from bench.rig import ModelProcess, bare_loop, running

LOADS = (0, 16, 64)
PINGS = 40
STARTING = 12
THREAD = "unrelated"
_SETTLED_S = 3.0
_HOW = (
    "over the model's own time, in a thread that has no part in the jobs; below, each job asks the"
    " model once a second and runs a shell command in between"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A page of the bot and one of the bare loop, which share a model server."""

    bot: Page
    bare: Page
    model: ModelProcess

    async def overheads(self, count: int, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Milliseconds over the model's own time of the bot's answers and the bare loop's."""
        bot, bare = [], []
        for n in range(count):
            bot.append(await self.overhead(self.bot, f"ping {name} {n}."))
            bare.append(await self.overhead(self.bare, f"bare {name} {n}."))
        return tuple(bot), tuple(bare)

    async def overhead(self, page: Page, text: str) -> float:
        """The same of one answer; `text` is like no other."""
        sent, came, post = await page.ask(text, THREAD)
        if "You said" not in post["html"]:
            raise RuntimeError(f"the model was not asked; the answer is {post}")
        return (came - sent - self.model.own_s(text)) * 1000


@asynccontextmanager
async def paired(folder: Path) -> AsyncIterator[tuple[Pair, Page, int]]:
    """A fresh bot and a bare loop; a second page to give the bot work; the bot's process."""
    async with (
        running(folder) as rig,
        bare_loop(rig.model) as address,
        connected(rig.bot.url, thread=THREAD) as bot,
        connected(rig.bot.url) as work,
        connected(address) as bare,
    ):
        yield Pair(bot=bot, bare=bare, model=rig.model), work, rig.bot.pid


async def measure(folder: Path) -> list[Figure]:
    """With no, 16 and 64 jobs, also while they are being started."""
    figures = []
    async with paired(folder) as (pair, work, pid):
        first = await pair.overhead(pair.bot, "ping first.")
        figures.append(Figure(name="first answer after the start", unit="ms", values=(first,)))
        await pair.overheads(3, "warm")
        figures.append(await _cost(pair, pid))
        running_jobs = 0
        for load in LOADS:
            if load:
                await work.ask(f"start {load - running_jobs} endless")
                running_jobs = load
                values, ideal = await pair.overheads(STARTING, f"starting {load}")
                figures.append(_figure(f"answer while {load} jobs start", values, ideal))
                await asyncio.sleep(_SETTLED_S)
            values, ideal = await pair.overheads(PINGS, f"with {load}")
            figures.append(_figure(f"answer while {load} jobs run", values, ideal))
    return figures


async def _cost(pair: Pair, pid: int) -> Figure:
    """Processor time of the bot for one answer."""
    before = processes.cpu_s([pid])
    for n in range(PINGS):
        await pair.overhead(pair.bot, f"ping cost {n}.")
    each = (processes.cpu_s([pid]) - before) / PINGS * 1000
    return Figure(name="processor time for an answer", unit="ms", values=(each,))


def _figure(name: str, values: tuple[float, ...], ideal: tuple[float, ...]) -> Figure:
    return Figure(
        name=name, unit="ms", values=values, median_below=10, worst_below=50, ideal=ideal,
        note=_HOW if name.endswith(" 0 jobs run") else "",
    )  # fmt: skip
