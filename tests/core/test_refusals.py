"""Admins hear of what never arrives: once for each cause, and without a flood."""

import asyncio
from collections.abc import Callable

import pytest

from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Card, ChannelRef, Person, Post, PostKind, ThreadRef
from core.refusals import Refusals
from core.rights import Access, Who

KICKED = "Forbidden: bot was kicked"


def thread(channel: str = "c", platform: str = "world") -> ThreadRef:
    ref = ChannelRef(platform=platform, workspace="w", channel=channel)
    return ThreadRef(channel=ref, thread="t")


def post(asker: str | None = None) -> Post:
    mention = None if asker is None else Person(id=asker, name="Asker")
    return Post(id="p", thread=thread(), kind=PostKind.RESULT, text="42", at=1.0, mention=mention)


class World:
    """A platform that remembers whom it told what. `troubles` come first."""

    def __init__(self, *admins: str) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.tried = 0
        self.troubles: list[Exception] = []
        self.now = 0.0
        self.tasks: list[asyncio.Task[None]] = []
        access = Access(who=Who.ANYONE, admins=frozenset(admins))
        self.refusals = Refusals(
            {"world": access, "web": access}, {"world": self}, self._spawn,
            clock=lambda: self.now, first_wait_s=0.001,
        )  # fmt: skip

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        self.tried += 1
        if self.troubles:
            raise self.troubles.pop(0)
        self.told.append((person, channel.channel, error))

    async def after(self, act: Callable[[], None]) -> list[tuple[str, str, str]]:
        """Whom it told what when everything that `act` began is over."""
        self.told = []
        act()
        await asyncio.gather(*self.tasks)
        return self.told

    def _spawn(self, work: object, name: str) -> None:
        assert asyncio.iscoroutine(work)
        self.tasks.append(asyncio.create_task(work, name=name))


async def test_each_admin_is_told_once_for_each_cause_in_each_channel() -> None:
    world = World("ada", "bob")

    def refuse() -> None:
        for number in range(3):
            world.refusals.refused(thread(), None, f"{KICKED} (post {number})")
        world.refusals.refused(thread("d"), None, KICKED)
        world.refusals.refused(thread(), None, "topic closed")

    told = await world.after(refuse)
    assert [one[:2] for one in told] == [(who, at) for at in "cdc" for who in ("ada", "bob")]
    assert told[-1] == ("bob", "c", "topic closed")


async def test_the_same_cause_is_told_again_a_day_later() -> None:
    world = World("ada")

    def refuse() -> None:
        world.refusals.refused(thread(), None, KICKED)

    await world.after(refuse)
    world.now = 86_399.0
    assert await world.after(refuse) == []
    world.now = 86_400.0
    assert await world.after(refuse) == [("ada", "c", KICKED)]


async def test_where_many_leave_at_once_ten_of_them_an_hour_are_told() -> None:
    world = World("ada")

    def refuse(*numbers: int) -> None:
        for number in numbers:
            world.refusals.refused(thread(str(number)), None, KICKED)

    assert len(await world.after(lambda: refuse(*range(50)))) == 10
    world.now = 3600.0
    assert await world.after(lambda: refuse(49)) == [("ada", "49", KICKED)]


async def test_an_admin_who_asked_is_told_as_who_asked_and_not_twice() -> None:
    world = World("ada", "bob")
    told = await world.after(lambda: world.refusals.refused(thread(), post("ada"), KICKED))
    assert [person for person, _, _ in told] == ["bob"]


async def test_of_a_card_nobody_is_told_since_its_result_follows() -> None:
    world = World("ada")
    card = Card(
        id="card:1", thread=thread(), job=1, title="a job", requester=Person(id="bob", name="Bob"),
        state="queued", step="", version=1, tokens=0, steps=0, created_at=1.0, started_at=None,
        ended_at=None,
    )  # fmt: skip
    assert await world.after(lambda: world.refusals.refused(thread(), card, KICKED)) == []
    told = await world.after(lambda: world.refusals.refused(thread(), post("bob"), KICKED))
    assert told == [("ada", "c", KICKED)]


@pytest.mark.parametrize("platform", ["web", "gone"])
async def test_where_nobody_can_be_told_directly_nobody_is(platform: str) -> None:
    world = World("ada")
    where = thread(platform=platform)
    assert await world.after(lambda: world.refusals.refused(where, None, KICKED)) == []


async def test_without_admins_nobody_is_told() -> None:
    world = World()
    assert await world.after(lambda: world.refusals.refused(thread(), None, KICKED)) == []


async def test_an_outage_delays_the_word_and_its_end_lets_it_through() -> None:
    world = World("ada")
    world.troubles = [DeliveryFailed("down"), DeliveryFailed("busy", retry_after_s=0.001)]
    told = await world.after(lambda: world.refusals.refused(thread(), None, KICKED))
    assert (told, world.tried) == ([("ada", "c", KICKED)], 3)


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [(DeliveryRefused("blocked"), 1), (DeliveryFailed("down"), 6)],
)
async def test_who_is_not_reached_is_given_up(trouble: Exception, tries: int) -> None:
    world = World("ada")
    world.troubles = [trouble] * 100
    told = await world.after(lambda: world.refusals.refused(thread(), None, KICKED))
    assert (told, world.tried) == ([], tries)
