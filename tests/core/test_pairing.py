"""Codes: who gets one, who may give it back, and how often anybody may try."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import BadRequest
from core.messages import ChannelRef, Person
from core.pairing import Pairing, draw, read, shown
from core.pairing_rows import CODE_LIFE_S, Wish
from core.state.control import Control

ROOT = Person(id="root", name="Root")
EVE = Person(id="7", name="Eve")


def chat(id: str) -> ChannelRef:
    return ChannelRef(platform="telegram", workspace="chats", channel=id)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    control = await Control.open(tmp_path)
    yield control
    await control.close()


@pytest.fixture
def pairing(control: Control, clock: Clock) -> Pairing:
    return Pairing(control.database, clock)


async def asked(pairing: Pairing, person: Person = EVE) -> Wish:
    wish = await pairing.ask(person, chat(person.id))
    assert wish is not None
    return wish


def test_codes_are_long_all_different_and_have_no_sign_like_another() -> None:
    codes = {draw() for _ in range(2000)}
    assert len(codes) == 2000
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("IL1O0")
    assert len(set("".join(codes))) == 31


@pytest.mark.parametrize("typed", ["ABCD-2345", " abcd 2345 ", "abcd2345", "A-B-C-D-2345"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert read(typed) == "ABCD2345"
    assert shown("ABCD2345") == "ABCD-2345"


@pytest.mark.parametrize("typed", ["", "ABCD234", "ABCD-23456", "ABCD-234O", "ÀBCD2345", "-" * 999])
def test_what_can_be_no_code_is_told_what_one_looks_like(typed: str) -> None:
    with pytest.raises(BadRequest, match="ABCD-2345"):
        read(typed)


async def test_who_was_approved_is_let_in_now_and_after_a_restart(
    pairing: Pairing, control: Control, clock: Clock
) -> None:
    wish = await asked(pairing)
    assert not pairing.people
    found = await pairing.approve(shown(wish.code).lower(), ROOT, "telegram")
    assert (found.person, found.by, found.channel) == (EVE, "Root", chat("7"))
    assert pairing.people == {("telegram", "7")}
    later = Pairing(control.database, clock)
    await later.load()
    assert later.people == {("telegram", "7")}
    waiting, paired = await later.listed()
    assert (waiting, paired) == ((), (found,))


async def test_a_command_that_is_done_again_after_a_crash_says_the_same(pairing: Pairing) -> None:
    code = (await asked(pairing)).code
    first = await pairing.approve(code, ROOT, "telegram")
    assert await pairing.approve(code, ROOT, "telegram") == first


async def test_who_is_removed_is_out_at_once_and_gets_another_code_later(
    pairing: Pairing, control: Control, clock: Clock
) -> None:
    code = (await asked(pairing)).code
    await pairing.approve(code, ROOT, "telegram")
    people = pairing.people
    gone = await pairing.remove("7", "telegram")
    assert gone.person == EVE
    assert people == set()
    later = Pairing(control.database, clock)
    await later.load()
    assert later.people == set()
    clock.now += CODE_LIFE_S
    assert (await asked(pairing)).code != code
    with pytest.raises(BadRequest, match="No one who waits"):
        await pairing.approve(code, ROOT, "telegram")


async def test_nobody_is_removed_by_an_id_that_nobody_has_or_from_another_platform(
    pairing: Pairing,
) -> None:
    await pairing.approve((await asked(pairing)).code, ROOT, "telegram")
    for id, platform in (("8", "telegram"), ("7", "slack")):
        with pytest.raises(BadRequest, match="Nobody with this id"):
            await pairing.remove(id, platform)
    assert pairing.people == {("telegram", "7")}


async def test_a_code_is_good_for_an_hour(pairing: Pairing, clock: Clock) -> None:
    wish = await asked(pairing)
    assert wish.until == clock.now + CODE_LIFE_S
    clock.now = wish.until
    with pytest.raises(BadRequest, match="No one who waits"):
        await pairing.approve(wish.code, ROOT, "telegram")
    assert not pairing.people


async def test_a_code_of_one_platform_lets_nobody_in_on_another(pairing: Pairing) -> None:
    wish = await asked(pairing)
    with pytest.raises(BadRequest, match="No one who waits"):
        await pairing.approve(wish.code, ROOT, "slack")
    assert (await pairing.listed())[0] == (wish,)


async def test_a_stranger_who_goes_on_talking_hears_the_same_code_every_ten_minutes(
    pairing: Pairing, clock: Clock
) -> None:
    first = await asked(pairing)
    for _ in range(599):
        clock.now += 1
        assert await pairing.ask(EVE, chat("7")) is None
    clock.now += 1
    assert await asked(pairing) == first


async def test_a_crowd_of_strangers_gets_twenty_codes_a_minute_and_a_hundred_in_all(
    pairing: Pairing, clock: Clock
) -> None:
    async def minute(first: int) -> int:
        crowd = [Person(id=str(first + n), name="Bot") for n in range(50)]
        return sum([await pairing.ask(one, chat(one.id)) is not None for one in crowd])

    told = []
    for number in range(7):
        told.append(await minute(1000 * number))
        clock.now += 60
    assert told == [20, 20, 20, 20, 20, 0, 0]
    clock.now += CODE_LIFE_S
    assert await minute(9000) == 20
    assert len((await pairing.listed())[0]) == 20


async def test_five_wrong_codes_are_the_most_in_ten_minutes_and_only_for_who_guessed(
    pairing: Pairing, clock: Clock
) -> None:
    code = (await asked(pairing)).code
    for _ in range(5):
        with pytest.raises(BadRequest, match="No one who waits"):
            await pairing.approve(draw(), ROOT, "telegram")
    with pytest.raises(BadRequest, match="Too many wrong codes"):
        await pairing.approve(code, ROOT, "telegram")
    assert not pairing.people
    other = Person(id="other", name="Other")
    with pytest.raises(BadRequest, match="No one who waits"):
        await pairing.approve(draw(), other, "telegram")
    clock.now += 600
    assert (await pairing.approve(code, ROOT, "telegram")).person == EVE


async def test_only_who_was_let_in_and_not_told_is_to_be_told(pairing: Pairing) -> None:
    called = []
    pairing.on_approved = lambda: called.append(1)
    wish = await asked(pairing)
    assert await pairing.untold() == ()
    found = await pairing.approve(wish.code, ROOT, "telegram")
    assert (called, await pairing.untold()) == ([1], (found,))
    await pairing.told(found)
    assert await pairing.untold() == ()
