"""Files that came with messages are forgotten with them."""

from pathlib import Path

from core.state.database import Transaction
from core.state.files import list_files
from tests.core.forgetting.test_forgetter import button, forget, holding
from tests.core.room import BOB, CHANNEL, Room, room

SECRET = "Kaninchenbau-4711"
NAME = "Geheimnis"


async def sent(here: Room) -> None:
    """Ada sends a secret, and what Bob sends too; he also writes of it."""
    secret, shared = (f"{NAME}.txt", SECRET.encode()), ("both.txt", b"for all")
    await here.say("m1", "look", files=[secret, shared])
    await here.platform.post("answer:m1")
    await here.say("m2", "this as well", by=BOB, files=[shared, ("his.txt", b"his own")])
    await here.platform.post("answer:m2")


async def paths(here: Room) -> list[str]:
    def read(tx: Transaction) -> list[str]:
        return [file.path for file in list_files(tx)]

    return await here.channels.read(CHANNEL, read)


async def test_what_a_person_sent_is_in_no_file_any_more_but_what_others_sent_too_stays(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await sent(here)
        asked = await here.ask("m3", "/forget me")
        assert f"- 1 file that came with them: inbox/{NAME}.txt" in asked.text
        await here.press("p1", button(asked))
        await here.platform.post("reply:forget:1")
        assert await paths(here) == ["inbox/both.txt", "inbox/his.txt"]
        answer = next(post for post in reversed(here.platform.posts()) if post.id == "answer:m1")
        assert answer.receipt == ()
    assert holding(tmp_path, SECRET) == []


async def test_a_file_goes_by_its_path_also_from_the_message_it_came_with(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await sent(here)
        await forget(here, "/forget inbox/*")
        assert await paths(here) == []
    assert holding(tmp_path, SECRET) == []


async def test_forgetting_who_sent_nothing_says_nothing_of_files(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
        assert "file" not in (await here.ask("m2", "/forget me")).text
