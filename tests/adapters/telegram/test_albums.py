"""What is sent together is one message; what comes too late is one of its own."""

import asyncio
from typing import Any

from adapters.telegram.addressing import Me
from adapters.telegram.albums import Albums
from adapters.telegram.translate import Event, Said

ME = Me(id=4242, username="ThawTestBot")
CALL = {"caption_entities": [{"type": "mention", "offset": 0, "length": 12}]}


def file(id: int, album: str = "a", kind: str = "private", **more: Any) -> dict[str, Any]:
    """An update about one file of an album."""
    message = {
        "message_id": id,
        "chat": {"id": 7, "type": kind},
        "from": {"id": 8, "is_bot": False, "first_name": "Ann"},
        "media_group_id": album,
        "document": {"file_id": f"f{id}", "file_name": f"{id}.log"},
    }
    return {"update_id": 100 + id, "message": message | more}


async def heard(albums: Albums, update: dict[str, Any]) -> Event | None:
    return await albums.event(update, ME, 7, 1.0)


def shown(event: Event | None) -> tuple[str, list[str]]:
    assert isinstance(event, Said)
    return event.message.text, [one.name for one in event.files]


async def test_updates_of_an_album_are_one_in_their_order_whichever_came_first() -> None:
    albums, updates = Albums(0.01), [file(3), file(1, caption="why?"), file(2)]
    for update in updates:
        albums.see(update)
    assert shown(await heard(albums, updates[0])) == ("why?", ["1.log", "2.log", "3.log"])
    assert [await heard(albums, one) for one in updates[1:]] == [None, None]
    assert shown(await heard(albums, updates[0])) == ("why?", ["1.log", "2.log", "3.log"])


async def test_a_full_album_waits_for_nothing_more_and_each_caption_is_told() -> None:
    albums = Albums(3600.0)
    updates = [file(id, caption=f"no. {id % 2}") for id in range(10)]
    for update in updates:
        albums.see(update)
    text, names = shown(await heard(albums, updates[0]))
    assert (text, len(names)) == ("no. 0\n\nno. 1", 10)


async def test_an_album_waits_while_more_of_it_comes() -> None:
    albums, updates = Albums(3600.0), [file(id) for id in range(10)]
    albums.see(updates[0])
    waiting = asyncio.create_task(heard(albums, updates[0]))
    for update in updates[1:]:
        await asyncio.sleep(0)
        assert not waiting.done()
        albums.see(update)
    assert len(shown(await waiting)[1]) == 10


async def test_what_comes_too_late_is_for_the_bot_if_its_album_was() -> None:
    albums = Albums(0.0)
    calls = [file(1, "a", "group", caption="@ThawTestBot look", **CALL), file(2, "b", "group")]
    for update in calls:
        albums.see(update)
    assert shown(await heard(albums, calls[0])) == ("look", ["1.log"])
    assert await heard(albums, calls[1]) is None
    late = [file(3, "a", "group"), file(4, "b", "group")]
    for update in late:
        albums.see(update)
    assert shown(await heard(albums, late[0])) == ("", ["3.log"])
    assert await heard(albums, late[1]) is None


async def test_albums_of_two_chats_are_two_whatever_their_name() -> None:
    albums = Albums(0.0)
    other = file(2, chat={"id": 9, "type": "private"})
    for update in (file(1), other):
        albums.see(update)
    assert shown(await heard(albums, file(1))) == ("", ["1.log"])
    assert shown(await heard(albums, other)) == ("", ["2.log"])


async def test_what_an_album_answers_is_quoted_once() -> None:
    albums = Albums(0.0)
    asked: dict[str, Any] = {"reply_to_message": {"text": "it broke", "from": {"id": 9}}}
    updates = [file(1, caption="these", **asked), file(2, **asked)]
    for update in updates:
        albums.see(update)
    assert shown(await heard(albums, updates[0])) == ("these\n\n> it broke", ["1.log", "2.log"])


async def test_many_albums_are_forgotten_and_their_files_still_heard() -> None:
    albums, first = Albums(0.0), file(1)
    albums.see(first)
    for number in range(500):
        albums.see(file(2, f"other {number}"))
    assert shown(await heard(albums, first)) == ("", ["1.log"])
