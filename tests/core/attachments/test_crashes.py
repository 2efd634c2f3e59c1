"""Files with the store failing, or the process dying, at every single call: landed once, whole."""

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import StoreError
from core.messages import Attachment, Message, ThreadRef
from tests.core.frail import FAULTS, Frail, at_each_call
from tests.core.room import ADA, CHANNEL, Platform, Room, Script, last, room

LOG = b"one\n" * 1000


async def told(here: Room, files: tuple[Attachment, ...]) -> None:
    """Say it, again where it was not kept, with the files that were sent before: as a page does."""
    where = ThreadRef(channel=CHANNEL, thread="t")
    message = Message(id="m1", thread=where, author=ADA, text="see", at=1.0, files=files)
    while True:
        with suppress(StoreError):
            await here.dispatcher.accept(message)
            return


def answered(*platforms: Platform) -> bool:
    return any(post.id == "answer:m1" for one in platforms for post in one.posts())


async def lives(data: Path, at: int, fault: str) -> bool:
    """The scenario with one fault; False when it was over before the fault's turn came."""
    first, second, script = Platform(), Platform(), Script()
    channels = Frail(data, at, fault)
    async with room(data, channels=channels, platform=first, script=script) as here:
        files = (await here.send("a.log", LOG), await here.send("b", b"\0"))
        if fault == "fails":
            await told(here, files)
            await first.until(lambda: answered(first))
        else:
            await channels.outlast(told(here, files), first.until(lambda: answered(first)))
    async with room(data, platform=second, script=script) as here:
        await told(here, files)
        await second.until(lambda: answered(first, second))
        path = here.channels.path(CHANNEL)
    with sqlite3.connect(path) as file:
        found = file.execute("SELECT key FROM entries WHERE space = 'file' ORDER BY key").fetchall()
        blobs = file.execute("SELECT content FROM blobs ORDER BY length(content)").fetchall()
        commits = file.execute("SELECT source FROM commits").fetchall()
    file.close()
    assert found == [("inbox/a.log",), ("inbox/b",)]
    assert blobs == [(b"\0",), (LOG,)]
    assert commits == [("files:m1",)]
    assert list((data / "spool").iterdir()) == []
    # It is never answered before its files are there.
    assert all('path="inbox/a.log"' in request.messages[-1].text for request in script.asked)
    assert {last(request) for request in script.asked} == {"see"}
    return channels.calls >= at


@pytest.mark.parametrize("fault", FAULTS)
async def test_files_land_once_whichever_call_of_the_store_it_hits(
    tmp_path: Path, fault: str
) -> None:
    assert await at_each_call(lives, tmp_path, fault) > 4
