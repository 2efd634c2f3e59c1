"""The whole bot against all three platforms at once, seen by those who write on them.

1,000 conversations (a third on each platform), 64 jobs with live cards, 200 messages a second for
a minute; then, without a pause, a minute more in which what events come by is cut every two
seconds. The emulators and the people are this process, the bot and the model are each one of their
own. Before anything is measured everybody says one thing and is answered: what a channel costs when
it is opened, and what is kept of it, up to the bounds on both, is warming up.

Platforms allow fewer signs and answers than 200 a second: Discord 50 requests a second in all, for
reactions, answers and cards together; Slack one post a second in a channel, but 50 reactions a
minute in a workspace; Telegram 30 messages a second in all, reactions not counted. So in the quiet
minute of 40 messages 18 go to Telegram, 19 to Slack, 3 to Discord; in the stormy one 4, 33 and 3.
The acknowledgement is the reaction. What gets none because Slack's minute is full gets its answer
as the first sign: those are counted, not timed. Telegram's answers wait for their turn, and have to
come in order afterwards: some three minutes. What waits is on disk, so memory has to be flat: a
line fitted to the bot's resident memory in the last two thirds of each minute may not rise by more
than GROWTH_MB a minute. That is not nothing, because a minute does not fill what is remembered of
messages, 1,000 to 20,000 of them here and there; beyond these bounds nothing may grow.

A line every five seconds says how it goes. The whole ends by itself within seven minutes: with
words about who is owed what when the time is over, or when a platform has stood still for half a
minute.
`python -m bench.platforms --seconds 5 --conversations 60 --jobs 8` is for trying out.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop

from bench import processes
from bench.course import Course, child
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
WHOLE_S = 420.0
GROWTH_MB = 24.0
_FIRST_RATE = 25.0
_JOBS_EACH = 4


def _spread(telegram: int, slack: int, discord: int) -> Sequence[str]:
    """An order in which each comes evenly."""
    counts = {"telegram": telegram, "slack": slack, "discord": discord}
    places = [((n + 0.5) / count, name) for name, count in counts.items() for n in range(count)]
    return tuple(name for _, name in sorted(places))


QUIET = _spread(18, 19, 3)
STORMY = _spread(4, 33, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How much load."""

    conversations: int = CONVERSATIONS
    rate: float = RATE
    seconds: float = SECONDS
    jobs: int = JOBS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Minute:
    """What one part of the load was: its messages, what processes used meanwhile (seconds of
    processor time), how memory grew (MB a minute), how late people were with what they sent."""

    name: str
    numbers: range
    seconds: float
    used_s: Mapping[str, float]
    growth: float
    late_s: Sequence[float]


async def measure(folder: Path, wanted: Wanted | None = None) -> list[Figure]:
    """The load in quiet and in the storm of reconnects."""
    wanted, began = wanted or Wanted(), time.monotonic()
    figures: list[Figure] = []
    try:
        async with _ready(folder, wanted) as (t, pids):
            figures += await _loaded(t, pids, wanted, began)
    except AssertionError:
        print(table(figures))  # what else is wrong must not hide what was measured
        raise
    return figures


async def _loaded(t: Town, pids: Mapping[str, int], wanted: Wanted, began: float) -> list[Figure]:
    load = Load(t, wanted.conversations, QUIET)

    async def owed() -> Mapping[str, int]:
        return {name: len(numbers) for name, numbers in (await load.owed()).items()}

    async with Course(pids, owed) as course:
        course.phase = "begin"
        await load.begin(_FIRST_RATE)
        await load.answered(60.0)
        quiet = await _minute(load, course, pids, wanted, "")
        async with _beside(t):
            stormy = await _minute(load, course, pids, wanted, "storm, ")
        drained = await _drained(load, course, WHOLE_S - (time.monotonic() - began))
    await _throttled(t)
    return _figures(t, load, (quiet, stormy), drained)


async def _minute(
    load: Load, course: Course, pids: Mapping[str, int], wanted: Wanted, name: str
) -> _Minute:
    course.phase = "storm" if name else "quiet"
    first, began = load.sent, time.monotonic()
    before = {who: processes.cpu_s([pid]) for who, pid in pids.items()}
    await load.run(wanted.rate, wanted.seconds, STORMY if name else QUIET)
    end = time.monotonic()
    return _Minute(
        name=name, numbers=range(first, load.sent), seconds=end - began,
        used_s={who: processes.cpu_s([pid]) - before[who] for who, pid in pids.items()},
        growth=course.slope(began + (end - began) / 3, end), late_s=load.late_s,
    )  # fmt: skip


async def _drained(load: Load, course: Course, within_s: float) -> float:
    """Wait until all is answered, or until it is clear that it will not be; how long that took."""
    course.phase, began = "after", time.monotonic()
    course.still.clear()
    answered = asyncio.create_task(load.answered(max(within_s, 1.0)), name="answered")
    still = asyncio.create_task(course.still.wait(), name="still")
    await asyncio.wait({answered, still}, return_when=asyncio.FIRST_COMPLETED)
    if not answered.done() or not answered.result():
        why = "nothing has moved for long" if still.done() else "the time is over"
        for name, numbers in (await load.owed()).items():
            print(f"stopped, {why}: {name} owes {len(numbers)} answers, {numbers[:10]} first")
    for task in (answered, still):
        task.cancel()
    await asyncio.gather(answered, still, return_exceptions=True)
    return time.monotonic() - began


async def _throttled(t: Town) -> None:
    """Print what the bot says of itself."""
    async with aiohttp.ClientSession() as session, session.get(f"{t.bot.url}metrics") as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("thaw_platform_") and "last_event" not in line:
                print(line)


def _figures(t: Town, load: Load, minutes: Sequence[_Minute], drained: float) -> list[Figure]:
    broken = load.violations()
    for line in sorted(set(broken)):
        print(f"broken: {line} ({broken.count(line)} times)")
    t.discord.limits.violations.clear()  # they are among the figures
    t.telegram.meter.violations.clear()
    figures = []
    for minute in minutes:
        seen = load.seen(minute.numbers)
        figures += _counts(minute.name, seen) + _signs(minute.name, seen) + _costs(minute)
    return [
        *figures,
        Figure(name="limits broken", unit="", values=(float(len(broken)),), worst_below=1),
        Figure(name="all answered after the last", unit="s", values=(drained,)),
    ]


@asynccontextmanager
async def _ready(folder: Path, wanted: Wanted) -> AsyncIterator[tuple[Town, Mapping[str, int]]]:
    """The bot on all platforms, its jobs at work; and which process is whose."""
    talks = -(-wanted.conversations // 3)
    asking = -(-wanted.jobs // _JOBS_EACH)
    async with model_server(folder) as model:
        sections = {**SECTIONS, "model": {"base_url": model.url, "name": "bench"}}
        limits, places = Limits(), talks + asking
        async with town(folder, _unasked, places=places, sections=sections, limits=limits) as t:
            # As Slack: three seconds to acknowledge, but later tries sooner than after minutes.
            t.slack.socket.ack_s, t.slack.socket.redelivery = 3.0, (0.05, *(2.0,) * 20)
            await t.start()
            for number in range(asking):
                side = t.sides[number % len(t.sides)]
                asked = await side.ask(f"start {_JOBS_EACH} endless", talks + number)
                await labelled(side, asked, "Stop")
            yield t, {"bot": t.bot.pid, "people": os.getpid(), "model": child("bench.model")}


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


def _counts(name: str, seen: Seen) -> list[Figure]:
    counted = {"lost": seen.lost, "doubled": seen.doubled, "out of order": seen.disordered}
    return [
        Figure(name=f"{name}{what}", unit="", values=(float(number),), worst_below=1)
        for what, number in counted.items()
    ]


def _signs(name: str, seen: Seen) -> list[Figure]:
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
        target = None if name else 100
        figures.append(
            Figure(
                name=f"{name}{platform} seen, 99th percentile", unit="ms", values=(late,),
                worst_below=target, note=note,
            )
        )  # fmt: skip
    return figures


def _costs(minute: _Minute) -> list[Figure]:
    name, sent = minute.name, len(minute.numbers)
    late = sorted(minute.late_s)[int(0.99 * len(minute.late_s))]
    shares = ", ".join(
        f"{who} {100 * used / minute.seconds:.0f} % of a core"
        for who, used in minute.used_s.items()
    )
    return [
        Figure(
            name=f"{name}growth of memory", unit="MB/min", values=(minute.growth,),
            worst_below=GROWTH_MB,
        ),
        Figure(
            name=f"{name}bot's processor time, a message", unit="ms",
            values=(1000 * minute.used_s["bot"] / sent,), note=shares,
        ),
        Figure(
            name=f"{name}emulators' processor time, a message", unit="ms",
            values=(1000 * minute.used_s["people"] / sent,),
            note=f"99 of 100 messages were sent at most {1000 * late:.0f} ms late",
        ),
    ]  # fmt: skip


def main() -> int:
    """Measure with another load; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.platforms", description=__doc__)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--jobs", type=int, default=JOBS)
    wanted = Wanted(**vars(parser.parse_args()))
    with (
        tempfile.TemporaryDirectory(prefix="thaw-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        figures = runner.run(measure(Path(folder), wanted))
    print(table(figures))
    return 1 if any(one.passed is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
