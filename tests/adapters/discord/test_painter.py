import asyncio
import time
from collections.abc import Awaitable

import pytest

from adapters.discord.painter import Moving, Painter
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Card, StreamText
from tests.adapters.discord.fake_core import card, place

HERE = place("1", "2")


class Canvas:
    """What was painted: numbers of jobs, and texts."""

    def __init__(self) -> None:
        self.painted: list[int | str] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.broken = 0
        self.refused_at: list[float] = []
        self.refusal: DeliveryRefused | DeliveryFailed = DeliveryRefused("no")

    async def paint(self, moving: Moving) -> None:
        if moving.thread != HERE:
            self.refused_at.append(time.monotonic())
            raise self.refusal
        if self.broken:
            self.broken -= 1
            raise DeliveryFailed("no")
        self.painted.append(moving.job if isinstance(moving, Card) else moving.text)

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


@pytest.mark.parametrize(
    "refusal", [DeliveryRefused("no"), DeliveryFailed("asks for a pause", retry_after_s=3600)]
)
async def test_where_views_are_refused_they_are_tried_seldom(
    refusal: DeliveryRefused | DeliveryFailed,
) -> None:
    canvas = Canvas()
    canvas.refusal = refusal
    painter = Painter(canvas.paint, canvas.spawn, 0.001)
    for number in (1, 2):
        painter.offer("3", f"card:{number}", card(place("1", "3"), number))
    await canvas.done()
    first, second = canvas.refused_at
    assert second - first >= 0.04


async def test_an_answer_that_is_whole_at_once_does_not_grow_before() -> None:
    canvas = Canvas()
    painter = Painter(canvas.paint, canvas.spawn, 1.0)
    painter.offer("2", "answer:m", StreamText(thread=HERE, post_id="answer:m", text="wh"))
    for _ in range(10):
        await asyncio.sleep(0)
    painter.drop("2", "answer:m")
    await canvas.done()
    assert canvas.painted == []


async def test_an_answer_that_takes_its_time_grows_as_far_as_it_has_come_by_then() -> None:
    canvas = Canvas()
    painter = Painter(canvas.paint, canvas.spawn, 0.01)
    for text in ("a", "a long", "a long one"):
        painter.offer("2", "answer:m", StreamText(thread=HERE, post_id="answer:m", text=text))
    await canvas.done()
    assert canvas.painted == ["a long one"]


async def test_what_is_dropped_is_not_painted() -> None:
    canvas = Canvas()
    painter = Painter(canvas.paint, canvas.spawn, 0.001)
    painter.offer("2", "card:1", card(HERE, 1))
    painter.drop("2", "card:1")
    painter.drop("3", "card:1")
    await canvas.done()
    assert canvas.painted == []
