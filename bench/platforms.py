"""The whole bot against all three platforms at once, seen by those who write on them.

1,000 conversations (a third on each platform), 200 messages a second for a minute, 64 jobs with
live cards; then the same with what events come by cut every two seconds. The emulators and the
people are this process, the bot and the model are each one of their own.

Platforms allow fewer signs and answers than 200 a second: Discord 50 requests a second in all, for
reactions, answers and cards together; Slack one post a second in a channel, but 50 reactions a
minute in a workspace; Telegram 30 messages a second in all, reactions not counted. So of 20
messages 13 go to Telegram, 6 to Slack, 1 to Discord. The acknowledgement is the reaction. What gets
none because Slack's minute is full gets its answer as the first sign: those are counted, not timed.
Telegram's answers wait for their turn, and have to come in order afterwards: some five minutes.

`python -m bench.platforms --seconds 5 --conversations 60` is for trying out.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.figures import Figure, table
from bench.rig import SECTIONS, model_server
from tests.emulators.script import Received, Reply
from tests.emulators.telegram.limits import Limits
from tests.harness.load import Load, Seen, storm
from tests.harness.people import labelled
from tests.harness.town import Town, town

CONVERSATIONS = 1_000
RATE = 200.0
SECONDS = 60.0
JOBS = 64
EVERY_S = 2.0
DRAINED_S = 900.0
GROWTH_MB = 24.0
ORDER = ("telegram", "slack", "telegram") * 6 + ("telegram", "discord")
_JOBS_EACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How much load."""

    conversations: int = CONVERSATIONS
    rate: float = RATE
    seconds: float = SECONDS
    jobs: int = JOBS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """Memory of the bot's process and processor time so far, the emulators' beside it."""

    pss_mb: float
    bot_s: float
    emulators_s: float

    @staticmethod
    def now(pid: int) -> "_Cost":
        return _Cost(
            pss_mb=processes.pss_mb([pid]), bot_s=processes.cpu_s([pid]),
            emulators_s=time.process_time(),
        )  # fmt: skip


async def measure(folder: Path, wanted: Wanted | None = None) -> list[Figure]:
    """The load in quiet and in the storm of reconnects."""
    wanted = wanted or Wanted()
    quiet = await _loaded(folder, wanted, stormy=False)
    return quiet + await _loaded(folder, wanted, stormy=True)


async def _loaded(folder: Path, wanted: Wanted, *, stormy: bool) -> list[Figure]:
    async with _ready(folder, wanted) as t:
        load = Load(t, wanted.conversations, ORDER)
        before = _Cost.now(t.bot.pid)
        async with _beside(t) if stormy else nullcontext():
            await load.run(wanted.rate, wanted.seconds / 3)
            third = _Cost.now(t.bot.pid)
            await load.run(wanted.rate, wanted.seconds * 2 / 3)
            end = _Cost.now(t.bot.pid)
            began = time.monotonic()
            await load.answered(DRAINED_S)
        drained = time.monotonic() - began
        seen, broken = load.seen(), load.violations()
        for line in sorted(set(broken)):
            print(f"broken: {line}")
        t.discord.limits.violations.clear()  # they are among the figures
        t.telegram.meter.violations.clear()
        name = "storm, " if stormy else ""
        figures = _counts(name, seen, len(broken)) + _signs(name, seen, stormy=stormy)
        return figures + _costs(name, seen.sent, before, third, end, drained)


@asynccontextmanager
async def _ready(folder: Path, wanted: Wanted) -> AsyncIterator[Town]:
    """The bot on all platforms, its jobs at work."""
    talks = -(-wanted.conversations // 3)
    asking = -(-wanted.jobs // _JOBS_EACH)
    async with model_server(folder) as model:
        sections = {**SECTIONS, "model": {"base_url": model.url, "name": "bench"}}
        limits, places = Limits(), talks + asking
        async with town(folder, _unasked, places=places, sections=sections, limits=limits) as t:
            # As Slack: three seconds to acknowledge, but later tries sooner than after minutes.
            t.slack.socket.ack_s, t.slack.socket.redelivery = 3.0, (0.05, 1.0, 2.0, 4.0, 8.0)
            await t.start()
            for number in range(asking):
                side = t.sides[number % len(t.sides)]
                asked = await side.ask(f"start {_JOBS_EACH} endless", talks + number)
                await labelled(side, asked, "Stop")
            yield t


def _unasked(_: Received) -> Reply:
    """The town's own model, which the bot is not given."""
    return Reply(status=500)


@asynccontextmanager
async def _beside(t: Town) -> AsyncIterator[None]:
    cutting = asyncio.create_task(storm(t, EVERY_S), name="storm")
    try:
        yield
    finally:
        cutting.cancel()


def _counts(name: str, seen: Seen, broken: int) -> list[Figure]:
    counted = {
        "lost": seen.lost, "doubled": seen.doubled, "out of order": seen.disordered,
        "limits broken": broken,
    }  # fmt: skip
    return [
        Figure(name=f"{name}{what}", unit="", values=(float(number),), worst_below=1)
        for what, number in counted.items()
    ]


def _signs(name: str, seen: Seen, *, stormy: bool) -> list[Figure]:
    """How soon messages were seen. In the storm without a target: what is cut off on its way comes
    when the platform sends it again."""
    figures = []
    for platform, times in seen.signs_s.items():
        if not times:
            continue
        values = tuple(sorted(1000 * one for one in times))
        late = values[min(len(values) - 1, int(0.99 * len(values)))]
        note = (
            f"median {statistics.median(values):.1f} ms, worst {values[-1]:.0f} ms of"
            f" {len(values)}; {seen.bare[platform]} more had their answer as the only sign"
        )
        target = None if stormy else 100
        figures.append(
            Figure(
                name=f"{name}{platform} seen, 99th percentile", unit="ms", values=(late,),
                worst_below=target, note=note,
            )
        )  # fmt: skip
    return figures


def _costs(
    name: str, sent: int, before: _Cost, third: _Cost, end: _Cost, drained: float
) -> list[Figure]:
    bot = 1000 * (end.bot_s - before.bot_s) / sent
    emulators = 1000 * (end.emulators_s - before.emulators_s) / sent
    note = f"PSS from {third.pss_mb:.0f} MB after a third to {end.pss_mb:.0f} MB at the end"
    return [
        Figure(
            name=f"{name}growth of memory", unit="MB", values=(end.pss_mb - third.pss_mb,),
            worst_below=GROWTH_MB, note=note,
        ),
        Figure(name=f"{name}bot's processor time, a message", unit="ms", values=(bot,)),
        Figure(name=f"{name}emulators' processor time, a message", unit="ms", values=(emulators,)),
        Figure(name=f"{name}all answered after the last", unit="s", values=(drained,)),
    ]  # fmt: skip


def main() -> int:
    """Measure with another load; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.platforms", description=__doc__)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--jobs", type=int, default=JOBS)
    wanted = Wanted(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="thaw-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), wanted))
    print(table(figures))
    return 1 if any(one.passed is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
