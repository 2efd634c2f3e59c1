"""What strangers hear, and that it leaves nothing behind."""

from pathlib import Path

import pytest

from core.errors import NotAllowed
from core.messages import ChannelRef, Edit, InboundEvent, Message, Person, Press, ThreadRef
from core.pairing import read
from core.rights import Access, Who
from core.state.control import known_channels
from tests.core.room import Room, room

EVE = Person(id="eve", name="Eve")
HOME = ThreadRef(channel=ChannelRef(platform="world", workspace="w", channel="eve"), thread="")
PAIRED = Access(who=Who.PAIRED)


def said(id: str, text: str = "hello", *, direct: bool = True, by: Person = EVE) -> Message:
    return Message(id=id, thread=HOME, author=by, text=text, at=1.0, direct=direct)


async def heard(here: Room, event: InboundEvent) -> str:
    with pytest.raises(NotAllowed) as caught:
        await here.dispatcher.accept(event)
    return caught.value.word


async def test_silence_is_what_strangers_hear_if_nothing_else_is_configured(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, access=Access(who=Who.LISTED)) as here:
        assert await heard(here, said("1")) == ""


async def test_they_hear_the_configured_sentence_once_a_day_when_they_write_directly(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, access=Access(who=Who.LISTED, strangers="Ask Ada.")) as here:
        assert await heard(here, said("1", direct=False)) == ""
        assert await heard(here, said("2")) == "Ask Ada."
        assert await heard(here, said("3")) == ""
        assert await heard(here, said("4", by=Person(id="mallory", name="M"))) == "Ask Ada."


async def test_a_stranger_who_may_be_paired_hears_a_code_that_lets_them_in(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        words = await heard(here, said("1", "x" * 1_000_000))
        code = words.partition("code is ")[2][:9]
        assert read(code)
        assert "60 minutes" in words
        assert await heard(here, said("2")) == ""


async def test_the_configured_sentence_stands_above_the_code(tmp_path: Path) -> None:
    access = Access(who=Who.PAIRED, strangers="This is Ada's bot.")
    async with room(tmp_path, access=access) as here:
        assert (await heard(here, said("1"))).startswith("This is Ada's bot.\nI do not know you")


async def test_nothing_but_a_direct_message_is_ever_answered(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        events = (
            said("1", direct=False),
            Press(id="2", thread=HOME, person=EVE, action="stop.1", at=1.0),
            Edit(id="3", thread=HOME, message_id="1", author=EVE, text="x", at=1.0),
            said("4", by=Person(id="", name="Nobody")),
            said("5", by=Person(id="x" * 101, name="Long")),
        )
        assert [await heard(here, event) for event in events] == [""] * len(events)


async def test_strangers_make_no_file_no_folder_and_no_mark(tmp_path: Path) -> None:
    async with room(tmp_path, access=PAIRED) as here:
        for number in range(30):
            await heard(here, said(str(number), by=Person(id=f"p{number}", name="P")))
        assert not await here.channels.exists(HOME.channel)
    assert known_channels(tmp_path) == ()
    assert not (tmp_path / "channels").exists()
