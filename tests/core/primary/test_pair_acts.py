"""/pair, /unpair, /pairs and /help: for whom they are, and what they say."""

from pathlib import Path

import pytest

from core.errors import NotAllowed
from core.messages import Message, Person, ThreadRef
from core.rights import Access, Who
from tests.core.room import ADA, BOB, CHANNEL, Room, room

EVE = Person(id="eve", name="Eve *x*")
ADMINS = frozenset({ADA.id})
PAIRED = Access(who=Who.PAIRED, admins=ADMINS, people=frozenset({BOB.id}))
_PAIRING = ("/pair CODE", "/unpair ID", "/pairs")


async def told(here: Room) -> str:
    """The code that Eve hears."""
    where = ThreadRef(channel=CHANNEL, thread="")
    message = Message(id="e", thread=where, author=EVE, text="hi", at=1.0, direct=True)
    with pytest.raises(NotAllowed) as caught:
        await here.dispatcher.accept(message)
    return caught.value.word.partition("code is ")[2][:9]


async def answer(here: Room, id: str, text: str, by: Person) -> str:
    await here.say(id, text, by=by)
    return (await here.platform.post(f"reply:message:{id}")).text


async def test_an_admin_lets_somebody_in_and_out_again_by_chat(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        code = await told(here)
        waits = await answer(here, "1", "/pairs", ADA)
        assert f"`{code}`: Eve" in waits
        assert "*x*" not in waits
        assert "may use me from now on" in await answer(here, "2", f"/pair {code}", ADA)
        assert "let in by Ada" in await answer(here, "3", "/pairs", ADA)
        assert "jobs" in await answer(here, "4", "/jobs", EVE)
        assert "may not use me any more" in await answer(here, "5", "/unpair eve", ADA)
        with pytest.raises(NotAllowed):
            await here.say("6", "/jobs", by=EVE)


async def test_nobody_else_lets_anybody_in(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        code = await told(here)
        for number, text in enumerate((f"/pair {code}", "/unpair bob", "/pairs")):
            said = await answer(here, str(number), text, BOB)
            assert said == "Only an admin may let people in."
        with pytest.raises(NotAllowed):
            await here.say("9", f"/pair {code}", by=EVE)


async def test_without_admins_who_was_let_in_lets_nobody_in(tmp_path: Path) -> None:
    access = Access(who=Who.PAIRED, people=frozenset({BOB.id}))
    async with room(tmp_path, access=access) as here:
        code = await told(here)
        assert "Only an admin" in await answer(here, "1", f"/pair {code}", BOB)


async def test_where_nobody_is_paired_that_is_said(tmp_path: Path) -> None:
    access = Access(who=Who.ANYONE, admins=ADMINS)
    async with room(tmp_path, access=access) as here:
        assert "the configuration says who may" in await answer(here, "1", "/pair ABCD-2345", ADA)


async def test_help_names_what_an_admin_may(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        text = await answer(here, "1", "/help", ADA)
        for usage in (*_PAIRING, "/set KEY VALUE", "/settings [NAME VALUE]", "/forget ..."):
            assert f"`{usage}`" in text
        assert text.count("`/settings") == 1


async def test_help_names_no_more_than_a_person_may(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        text = await answer(here, "1", "/help", BOB)
        for usage in ("/jobs", "/cancel N", "/settings", "/forget me", "/search ...", "/help"):
            assert f"`{usage}`" in text
        for usage in (*_PAIRING, "/set KEY VALUE", "/undo N", "/pause", "/resolve N CHOICE"):
            assert f"`{usage}`" not in text
        assert "that you asked for" in text


async def test_help_names_no_codes_where_there_are_none(tmp_path: Path) -> None:
    async with room(tmp_path, access=Access(who=Who.LISTED, admins=ADMINS)) as here:
        text = await answer(here, "1", "/help", ADA)
        assert "/pair" not in text
        assert "`/set KEY VALUE`" in text
