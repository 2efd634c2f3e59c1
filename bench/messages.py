"""What a message and a job's step cost the bot in processor time. The bot is a process of its own.

Everything that the bot does for a message is counted, on all its threads: the page's socket, the
store, the turn, the call to the model, the answer on the page. `python -m bench.messages` runs it
alone. Time is the processor's, so that it can be compared on a machine that others use, too.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path

from bench import processes
from bench.conditions import conditions
from bench.figures import Figure, table
from bench.held import watched
from bench.page import Page, connected
from bench.rig import Rig, running
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.facts import head

FEW = [(f"few-{n % 4}", f"thread-{n}") for n in range(32)]
MANY = [(f"many-{n}", "") for n in range(300)]
MESSAGES = 600
AT_ONCE = 16
JOBS = 16
STEPPING_S = 10.0
_SETTLED_S = 3.0

Place = tuple[str, str]


async def measure(folder: Path) -> list[Figure]:
    """Messages in few and in many channels, a job's step, and how channels' files are opened."""
    async with running(folder) as rig, connected(rig.bot.url, thread="none") as page:
        await page.ask("ping first.")
        await _said(rig, page, FEW)
        few = await _said(rig, page, islice(cycle(FEW), MESSAGES))
        first = await _said(rig, page, MANY)
        many = await _said(rig, page, islice(cycle(MANY), MESSAGES))
        step = await _step(rig, page)
    return [
        _figure("a message in one of 4 channels", few, 6),
        _figure(f"a message in one of {len(MANY)} channels", many, 6),
        _figure("the first message in a channel", first, None),
        _figure("a job's step", step, None),
        await _opened(folder),
    ]


def _figure(what: str, value: float, below: float | None) -> Figure:
    name = f"processor time of the bot, {what}"
    return Figure(name=name, unit="ms", values=(value,), worst_below=below)


async def _said(rig: Rig, page: Page, places: Iterable[Place]) -> float:
    """Milliseconds for each of the messages, which are said some at once and answered."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def say(channel: str, thread: str) -> None:
        async with gate:
            await page.ask("ping.", thread, channel)

    before = processes.cpu_s([rig.bot.pid])
    said = await asyncio.gather(*(say(*place) for place in places))
    return (processes.cpu_s([rig.bot.pid]) - before) / len(said) * 1000


async def _step(rig: Rig, page: Page) -> float:
    """Milliseconds for a model call and a shell command of a job; what runs in sandboxes is not
    counted."""
    await page.ask(f"start {JOBS} endless")
    await asyncio.sleep(_SETTLED_S)
    before, begun = processes.cpu_s([rig.bot.pid]), _steps(rig)
    await asyncio.sleep(STEPPING_S)
    used = processes.cpu_s([rig.bot.pid]) - before
    return used / (_steps(rig) - begun) * 1000


def _steps(rig: Rig) -> int:
    return sum("endless/" in line for line in rig.model.log.read_text().splitlines())


async def _opened(folder: Path) -> Figure:
    """The longest hold of the loop while many new channels' files are opened at once."""
    channels = Channels(folder, max_open=64)
    refs = [ChannelRef(platform="web", workspace="bench", channel=name) for name, _ in MANY]
    async with watched() as hold:
        await asyncio.gather(*(channels.read(ref, head) for ref in refs))
    await channels.close()
    return Figure(
        name=f"longest hold of the loop, {len(refs)} channels opened at once", unit="ms",
        values=(hold.longest_ms,), worst_below=10,
    )  # fmt: skip


def main() -> int:
    """Measure; 1 when a target is missed."""
    for name, value in conditions().items():
        print(f"{name}: {value}")
    with tempfile.TemporaryDirectory(prefix="thaw-bench-") as folder:
        figures = asyncio.run(measure(Path(folder)))
    print(table(figures))
    return 1 if any(one.passed is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
