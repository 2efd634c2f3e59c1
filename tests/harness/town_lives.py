"""One bot's lives on three platforms: it is killed again and again while people there have it run
errands. What they see, and what its files say at the end, is compared with what they asked."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from tests.harness import files
from tests.harness.bot import EndedAtStart
from tests.harness.errands import Errands, errand, jobs_of
from tests.harness.invariants import NANOS_A_TOKEN, of_all, of_channel
from tests.harness.lives import KILLED, REACHED_WITHIN_S
from tests.harness.people import Asked, Side, one
from tests.harness.town import Town, town

PRICES = f"""
[[prices]]
model = "scripted"
input = {NANOS_A_TOKEN / 1000}
output = {NANOS_A_TOKEN / 1000}
"""
# As Slack, but soon: an event comes until it is acknowledged.
_SLACK_AGAIN = (0.2,) * 600
# Its limits tell how long they last, so that a shorter one is kept as well.
_DISCORD_SPEED = 5.0


class TownLives:
    """A bot, its model and its platforms. As a context; `end` returns what is broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._errands = Errands()
        self._sides: dict[int, Side] = {}
        self._asked: dict[int, Asked] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._kills = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._town: Town = await stack.enter_async_context(town(self._folder, self._errands))
            self._town.bot.more = PRICES
            self._town.slack.socket.redelivery = _SLACK_AGAIN
            self._town.discord.limits.speed = _DISCORD_SPEED
            await self._meet()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        # What ends in the middle is not asked whether all is well.
        await self._stack.__aexit__(kind, error, trace)

    async def until(self, point: str) -> None:
        """A life that ends at a commit point ("name:n"), with an errand more on each platform."""
        self._more()
        async with _Beside(self._people()):
            try:
                await self._town.bot.start(kill_at=point)
            except EndedAtStart as ended:
                code = ended.code
            else:
                try:
                    async with asyncio.timeout(REACHED_WITHIN_S):
                        code = await self._town.bot.ended()
                except TimeoutError:
                    log = self._town.bot.log()
                    raise AssertionError(f"{point} was never reached\n{log}") from None
        await self._dead(code)

    async def for_a_while(self, seconds: float, *, more: bool = True) -> None:
        """A life that ends so long after it began, ready or not."""
        if more:
            self._more()
        async with _Beside(self._people()):
            code = await self._town.bot.live_for(seconds)
        await self._dead(code)

    async def end(self) -> str:
        """A last life in which all is finished; then what is broken, "" for nothing."""
        bot = self._town.bot
        async with _Beside(self._people()):
            await bot.start()
            for number, side in self._sides.items():
                await side.until(lambda number=number: number in self._asked)  # type: ignore[misc]
                asked = self._asked[number]
                await side.until(lambda s=side, a=asked, n=number: _done(s, a, n))  # type: ignore[misc]
        assert await bot.stop() == 0
        await bot.nothing_left()
        # What a killed bot had used of Discord's limits its next life cannot know.
        self._town.discord.limits.violations.clear()
        sent = list(self._sides)
        found = [*of_all(bot.data, self._errands, sent, self._kills), *self._seen()]
        for path in files.channel_files(bot.data):
            found += of_channel(path, [n for n in sent if self._sides[n].name in path.parts])
        return "\n".join(found)

    async def _meet(self) -> None:
        """A life in peace: on Discord the bot only looks for what it missed where it was before."""
        await self._town.bot.start()
        discord = self._town.sides[1]
        await discord.connected()
        await one(discord, await discord.ask("/help", 0), "/jobs")
        assert await self._town.bot.stop() == 0

    def _more(self) -> None:
        for side in self._town.sides:
            self._sides[len(self._sides) + 1] = side

    async def _people(self) -> None:
        """Ask on each platform, as soon as the bot is there, what it does not know of yet."""
        async with asyncio.TaskGroup() as group:
            for side in self._town.sides:
                group.create_task(self._people_of(side), name=f"people of {side.name}")

    async def _people_of(self, side: Side) -> None:
        await side.connected()
        for number in [n for n, where in self._sides.items() if where is side]:
            if number not in self._asking:
                # To the end, over as many lives as it takes until the platform gets it delivered.
                asking = self._ask(side, number)
                self._asking[number] = asyncio.create_task(asking, name=errand(number))

    async def _ask(self, side: Side, number: int) -> None:
        self._asked[number] = await side.ask(errand(number), 0)

    async def _dead(self, code: int) -> None:
        bot = self._town.bot
        assert code == KILLED, f"it ended by itself, code {code}:\n{bot.log()}"
        self._kills += 1
        await bot.nothing_left()
        self._errands.paid(files.answers_kept(bot.data))

    def _seen(self) -> Iterable[str]:
        """What people see is what they asked for, once; on Telegram a kill may double one post."""
        doubles = 0
        for number, asked in self._asked.items():
            side = self._sides[number]
            shown = [one.text for one in side.shown(asked)]
            wanted = [f"I started two jobs for errand-{number}."]
            wanted += [f"{work} is done." for work in jobs_of(number)]
            for words in wanted:
                count = sum(words in text for text in shown)
                if side.name == "telegram":
                    doubles += max(0, count - 1)
                    count = min(1, count)
                if count != 1:
                    yield f"{side.name}: {words!r} is shown {count} times in {shown}"
        if doubles > self._kills:
            yield f"telegram: {doubles} posts too many after {self._kills} kills"


class _Beside:
    """Work beside the context, ended with it; what it raises is raised."""

    def __init__(self, work: Coroutine[object, object, None]) -> None:
        self._work = work

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._work)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()


def _done(side: Side, asked: Asked, number: int) -> bool:
    """Whether both results are there, and both cards have come to rest."""
    shown = side.shown(asked)
    results = all(any(f"{work} is done." in one.text for one in shown) for work in jobs_of(number))
    if side.name == "telegram":
        # A card that a kill has doubled: the bot knows only the second one.
        shown = list({one.text.partition("\n")[0]: one for one in shown}.values())
    return results and not any("Stop" in one.buttons for one in shown)


async def killed_at(folder: Path, points: Sequence[str]) -> str:
    """Kill one bot at each of these points in turn, after each twice more while it takes up what
    was left; what is broken after that."""
    async with TownLives(folder) as lives:
        for point in points:
            await lives.until(point)
            for seconds in (0.2, 0.6):
                await lives.for_a_while(seconds, more=False)
        return await lives.end()


async def killed_at_random(folder: Path, seed: int, kills: int) -> str:
    """Kill one bot so often, at moments that the seed decides; what is broken after that."""
    chance = Random(seed)
    async with TownLives(folder) as lives:
        for _ in range(kills):
            # Half of them while it starts and takes up what was left, half while it works.
            longest = 0.7 if chance.random() < 0.5 else 3.0
            await lives.for_a_while(chance.uniform(0.0, longest))
        return await lives.end()
