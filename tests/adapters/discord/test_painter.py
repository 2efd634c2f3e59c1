import asyncio
from collections.abc import Awaitable

from adapters.discord.painter import Moving, Painter
from core.errors import DeliveryFailed
from core.messages import Card
from tests.adapters.discord.fake_core import card, place

HERE = place("1", "2")


class Canvas:
    """What was painted, by job number."""

    def __init__(self) -> None:
        self.painted: list[int] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.broken = 0

    async def paint(self, moving: Moving) -> None:
        assert isinstance(moving, Card)
        if self.broken:
            self.broken -= 1
            raise DeliveryFailed("no")
        self.painted.append(moving.job)

    def spawn(self, work: Awaitable[None], name: str) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    async def done(self) -> None:
        await asyncio.gather(*self.tasks)


async def test_cards_take_turns_and_only_the_newest_of_each_is_painted() -> None:
    canvas = Canvas()
    painter = Painter(canvas.paint, canvas.spawn, 0.001)
    for version in range(50):
        for number in (1, 2, 3):
            painter.offer("2", f"card:{number}", card(HERE, number, version=version))
    assert painter.waiting == 3
    await canvas.done()
    assert canvas.painted == [1, 2, 3]
    assert painter.waiting == 0


async def test_one_that_cannot_be_painted_does_not_stop_the_others() -> None:
    canvas = Canvas()
    canvas.broken = 1
    painter = Painter(canvas.paint, canvas.spawn, 0.001)
    for number in (1, 2):
        painter.offer("2", f"card:{number}", card(HERE, number))
    await canvas.done()
    assert canvas.painted == [2]


async def test_what_is_dropped_is_not_painted() -> None:
    canvas = Canvas()
    painter = Painter(canvas.paint, canvas.spawn, 0.001)
    painter.offer("2", "card:1", card(HERE, 1))
    painter.drop("2", "card:1")
    painter.drop("3", "card:1")
    await canvas.done()
    assert canvas.painted == []
