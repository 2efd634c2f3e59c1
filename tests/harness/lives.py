"""One bot's lives: it is killed again and again on the same data while it runs errands."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Self

from tests.emulators.model import ModelServer
from tests.harness import files
from tests.harness.bot import BotProcess, EndedAtStart
from tests.harness.errands import Errands, errand
from tests.harness.invariants import NANOS_A_TOKEN, breaches
from tests.harness.page import Page

KILLED = -signal.SIGKILL
REACHED_WITHIN_S = 60.0
# Every token costs the same, so that what is charged in tokens and in money can be compared.
PRICES = f"""
[[prices]]
model = "errands"
input = {NANOS_A_TOKEN / 1000}
output = {NANOS_A_TOKEN / 1000}
"""


class Lives:
    """A bot, its model and its page. As a context; `end` returns what is broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._errands = Errands()
        self._sent = 0
        self._kills = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            model = await stack.enter_async_context(ModelServer(self._errands))
            sections = {"model": {"base_url": model.base_url, "name": "errands"}}
            self._bot = await stack.enter_async_context(
                BotProcess(self._folder, sections=sections, more=PRICES, warm=True)
            )
            # The page is there before the bot: nobody listens on its port until then.
            self._page = await stack.enter_async_context(Page(lambda: self._bot.url))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def until(self, point: str) -> None:
        """A life that ends at a commit point ("name:n"), while errands old and n new ones run."""
        self._say(int(point.partition(":")[2]))
        try:
            await self._bot.start(kill_at=point)
        except EndedAtStart as ended:
            code = ended.code
        else:
            try:
                async with asyncio.timeout(REACHED_WITHIN_S):
                    code = await self._bot.ended()
            except TimeoutError:
                text = f"{point} was never reached; {self._page.summary()}\n{self._bot.log()}"
                raise AssertionError(text) from None
        await self._dead(code)

    async def for_a_while(self, seconds: float) -> None:
        """A life that ends so long after it began, ready or not, while errands old and new run."""
        self._say(1)
        await self._dead(await self._bot.live_for(seconds))

    async def end(self) -> str:
        """A last life in which all is finished; then what is broken, "" for nothing."""
        await self._bot.start()
        jobs = range(1, 2 * self._sent + 1)
        await self._page.until(
            lambda: (
                all(self._page.results(job) for job in jobs)
                and all(job in self._page.cards and self._page.cards[job].ended for job in jobs)
            )
        )
        await self._page.connected()
        # What comes before an answer in the outbox is marked as sent before that goes out.
        last = await self._page.ask("/help")
        await self._page.sync()
        assert await self._bot.stop() == 0
        await self._bot.nothing_left()
        sent = range(1, self._sent + 1)
        found = breaches(self._bot.data, self._page, self._errands, sent, self._kills, last.id)
        bugs = [line for line in self._bot.log().splitlines() if "bug" in line or "Error" in line]
        return "\n".join([*([found] if found else []), *bugs])

    def _say(self, errands: int) -> None:
        for _ in range(errands):
            self._sent += 1
            self._page.say(errand(self._sent))
            # In a thread of its own, so that nothing else sends what a kill kept from being sent.
            self._page.say(f"/set note.{self._sent} {self._sent}", thread=f"notes-{self._sent}")

    async def _dead(self, code: int) -> None:
        assert code == KILLED, f"it ended by itself, code {code}:\n{self._bot.log()}"
        self._kills += 1
        await self._bot.nothing_left()
        self._errands.paid(files.answers_kept(self._bot.data))


async def killed_at(folder: Path, points: Sequence[str]) -> str:
    """Kill one bot at each of these points in turn; what is broken after that."""
    async with Lives(folder) as lives:
        for point in points:
            await lives.until(point)
        return await lives.end()


async def killed_at_random(folder: Path, seed: int, kills: int) -> str:
    """Kill one bot so often, at moments that the seed decides; what is broken after that."""
    chance = Random(seed)
    async with Lives(folder) as lives:
        for _ in range(kills):
            # Half of them while it starts and takes up what was left, half while it works.
            longest = 0.3 if chance.random() < 0.5 else 2.0
            await lives.for_a_while(chance.uniform(0.0, longest))
        return await lives.end()
