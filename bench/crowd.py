"""Whether a bot that knows 10,000 channels costs more than one that knows few."""

import asyncio
import os
import time
from pathlib import Path

from bench import processes
from bench.figures import Figure
from bench.page import connected
from bench.rig import SECTIONS, model_server
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.control import Control
from tests.harness.bot import BotProcess

KNOWN = 10_000
BUSY = 200
MESSAGES = 3
_AT_ONCE = 16


async def measure(folder: Path) -> list[Figure]:
    """Memory and start with no channel known and with 10,000, of which 200 are busy."""
    few = await _busy(BotProcess(folder / "few", sections=SECTIONS), folder)
    many_bot = BotProcess(folder / "many", sections=SECTIONS)
    await _make_known(many_bot.data)
    many = await _busy(many_bot, folder)
    return [
        Figure(name=f"PSS, {BUSY} busy channels, no others", unit="MB", values=(few[1],)),
        Figure(
            name=f"PSS, {BUSY} busy of {KNOWN:,} known", unit="MB", values=(many[1],),
            median_below=few[1] + 2, note="the target is the figure above and 2 MB for noise",
        ),
        Figure(
            name=f"start to ready, {KNOWN:,} channels known", unit="s", values=(many[0],),
            worst_below=1,
        ),
    ]  # fmt: skip


async def _make_known(data: Path) -> None:
    """Channels that were used once: each is listed and has a file, all links to one."""
    refs = [_ref(f"known-{n}") for n in range(KNOWN)]
    control, channels = await Control.open(data), Channels(data)
    try:
        for ref in refs:
            await control.mark(ref)
            await control.clear(ref)
        await channels.write(refs[0], lambda tx: tx.execute("SELECT 1").fetchone())
    finally:
        await channels.close()
        await control.close()
    await asyncio.to_thread(_link, channels.path(refs[0]), [channels.path(ref) for ref in refs[1:]])


def _ref(name: str) -> ChannelRef:
    return ChannelRef(platform="web", workspace="local", channel=name)


def _link(made: Path, others: list[Path]) -> None:
    for path in others:
        os.link(made, path)


async def _busy(bot: BotProcess, folder: Path) -> tuple[float, float]:
    """Seconds to ready, and MB after some messages in each of the busy channels."""
    async with model_server(folder) as model:
        bot.sections |= {"model": {"base_url": model.url, "name": "bench"}}
        async with bot:
            began = time.monotonic()
            await bot.start()
            ready = time.monotonic() - began
            gate = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(_talk(bot.url, f"busy-{n}", gate) for n in range(BUSY)))
            await asyncio.sleep(3)
            return ready, processes.pss_mb(processes.tree(bot.pid))


async def _talk(url: str, channel: str, gate: asyncio.Semaphore) -> None:
    async with gate, connected(url, channel) as page:
        for n in range(MESSAGES):
            await page.ask(f"ping {n}.")
