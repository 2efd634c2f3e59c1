"""Whether a bot that knows 10,000 channels costs more than one that knows few."""

import asyncio
import os
import statistics
import time
from dataclasses import dataclass
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
ROUNDS = 3
NOISE_MB = 4
_AT_ONCE = 16
_SETTLED_S = 7.0  # a channel counts as quiet some seconds after its last answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one start came to: seconds to ready, memory of the tree after the talking."""

    ready_s: float
    pss_mb: float


async def measure(folder: Path) -> list[Figure]:
    """Memory and start with no channel known and with 10,000, of which 200 are busy."""
    few: list[_Found] = []
    many: list[_Found] = []
    crowded = BotProcess(folder / "many", sections=SECTIONS)
    await _make_known(crowded.data)
    async with model_server(folder) as model:
        for n in range(ROUNDS):
            few.append(await _busy(BotProcess(folder / "few", sections=SECTIONS), model.url, n))
            many.append(await _busy(crowded, model.url, n))
    usual = tuple(found.pss_mb for found in few)
    return [
        Figure(
            name=f"PSS, {BUSY} busy of {KNOWN:,} known", unit="MB",
            values=tuple(found.pss_mb for found in many), ideal=usual,
            median_below=statistics.median(usual) + NOISE_MB,
            note=f"the ideal is with no other channels than those {BUSY}; {NOISE_MB} MB are noise",
        ),
        Figure(
            name=f"start to ready, {KNOWN:,} channels known", unit="s",
            values=tuple(found.ready_s for found in many), worst_below=1,
            ideal=tuple(found.ready_s for found in few),
        ),
    ]  # fmt: skip


async def _make_known(data: Path) -> None:
    """Channels that were used once: each is listed and has a file, all links to one."""
    refs = [_ref(f"known-{n}") for n in range(KNOWN)]
    control, channels = await Control.open(data), Channels(data)
    try:
        for ref in refs:
            await control.mark(ref)
            await control.clear(ref, control.given(ref))
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


async def _busy(bot: BotProcess, model: str, round_: int) -> _Found:
    """Start it and say some things in each of the busy channels, which are new to it."""
    bot.sections |= {"model": {"base_url": model, "name": "bench"}}
    async with bot:
        began = time.monotonic()
        await bot.start()
        ready_s = time.monotonic() - began
        gate = asyncio.Semaphore(_AT_ONCE)
        names = [f"busy-{round_}-{n}" for n in range(BUSY)]
        await asyncio.gather(*(_talk(bot.url, name, gate) for name in names))
        await asyncio.sleep(_SETTLED_S)
        return _Found(ready_s=ready_s, pss_mb=processes.pss_mb(processes.tree(bot.pid)))


async def _talk(url: str, channel: str, gate: asyncio.Semaphore) -> None:
    async with gate, connected(url, channel) as page:
        for n in range(MESSAGES):
            await page.ask(f"ping {n}.")
