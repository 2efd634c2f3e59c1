"""What the bot costs when little happens: its start, its memory, its wake-ups."""

import asyncio
import time
from pathlib import Path

import aiohttp

from bench import processes
from bench.answers import THREAD
from bench.figures import Figure
from bench.page import connected
from bench.rig import Rig, bare_loop, model_server, running
from tests.harness.bot import BotProcess

STARTS = 7
JOBS = 16
IDLE_S = 20.0
_SETTLED_S = 3.0


async def measure_start(folder: Path) -> list[Figure]:
    """From the start of the process to the page's answer."""
    fresh = [await _start(BotProcess(folder)) for _ in range(STARTS)]
    old = BotProcess(folder)
    await _start(old)
    again = [await _start(old) for _ in range(STARTS)]
    bare = []
    async with model_server(folder) as model:
        for _ in range(STARTS):
            began = time.monotonic()
            async with bare_loop(model):
                bare.append(time.monotonic() - began)
    return [
        Figure(
            name="start to ready, nothing there yet", unit="s", values=tuple(fresh),
            worst_below=1, ideal=tuple(bare), note="the page has answered; the ideal only imports"
            " aiohttp and listens",
        ),
        Figure(name="start to ready, again", unit="s", values=tuple(again), worst_below=1),
    ]  # fmt: skip


async def _start(bot: BotProcess) -> float:
    async with bot:
        began = time.monotonic()
        await bot.start()
        async with aiohttp.ClientSession() as session, session.get(bot.url) as response:
            response.raise_for_status()
        took = time.monotonic() - began
        await bot.stop()
    return took


async def measure_memory(folder: Path) -> list[Figure]:
    """PSS of the process tree, at rest and with sandboxed subagents at work."""
    async with running(folder) as rig:
        await asyncio.sleep(_SETTLED_S)
        fresh = _pss(rig)
        async with connected(rig.bot.url, thread=THREAD) as page:
            for n in range(10):
                await page.ask(f"ping {n}.", THREAD)
            await asyncio.sleep(_SETTLED_S)
            rest = _pss(rig)
            await page.ask(f"start {JOBS} endless", THREAD)
            more = []
            for _ in range(5):
                await asyncio.sleep(_SETTLED_S)
                more.append((_pss(rig) - rest) / JOBS)
    return [
        Figure(
            name="PSS of the bot at rest, nothing said yet", unit="MB", values=(fresh,),
            worst_below=90, note="of the process tree; pages shared with this program's own Python"
            " count half",
        ),
        Figure(
            name="PSS of the bot at rest, after ten answers", unit="MB", values=(rest,),
            worst_below=90,
        ),
        Figure(
            name="PSS more for each subagent at work", unit="MB", values=tuple(more),
            worst_below=8, note=f"{JOBS} of them, their shell commands included",
        ),
    ]  # fmt: skip


def _pss(rig: Rig) -> float:
    return processes.pss_mb(processes.tree(rig.bot.pid))


async def measure_idle(folder: Path) -> list[Figure]:
    """How often the threads of an idle bot wake up."""
    async with running(folder) as rig:
        async with connected(rig.bot.url, thread=THREAD) as page:
            await page.ask("ping first.", THREAD)
        await asyncio.sleep(_SETTLED_S)
        alone = await _wakes(rig)
        async with connected(rig.bot.url, thread=THREAD):
            await asyncio.sleep(_SETTLED_S)
            shown = await _wakes(rig)
    return [
        Figure(
            name=f"wake-ups of an idle bot, {what}", unit="1/s", values=rates, worst_below=1.01,
            note=f"of each thread over {IDLE_S:g} s",
        )
        for what, rates in (("no page open", alone), ("a page open", shown))
    ]  # fmt: skip


async def _wakes(rig: Rig) -> tuple[float, ...]:
    """Wake-ups per second of each thread of the bot."""
    before = processes.wakes(processes.tree(rig.bot.pid))
    await asyncio.sleep(IDLE_S)
    after = processes.wakes(processes.tree(rig.bot.pid))
    return tuple((count - before.get(thread, 0)) / IDLE_S for thread, count in after.items())
