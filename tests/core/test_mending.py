import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.mending import Mending
from core.messages import ChannelRef
from core.outbox import Outbox
from core.records import outbox
from core.state.backup import FileKind
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mended, Mender, no_copies
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.tasks import Tasks
from tests.core.room import CHANNEL, Platform, room, says, starts

KIND = FileKind(application_id=CHANNEL_APPLICATION_ID, newest=len(channel_migrations()))


@pytest.mark.parametrize("since", [None, 86_400.0])
async def test_the_channel_is_told_and_its_work_is_taken_up_where_there_is_some(
    tmp_path: Path, since: float | None
) -> None:
    control, channels, tasks = await Control.open(tmp_path), Channels(tmp_path), Tasks()
    platform, taken = Platform(), list[ChannelRef]()
    following = list[asyncio.Task[object]]()

    async def take_up(channel: ChannelRef) -> None:
        taken.append(channel)

    def spawn(work: Coroutine[object, object, None], name: str) -> None:
        following.append(asyncio.create_task(work, name=name))

    mender = Mender(tmp_path, KIND, no_copies)
    mending = Mending(
        channels=channels, control=control, take_up=take_up, spawn=spawn, clock=lambda: 1.0,
        mender=mender, outbox=Outbox(channels, {CHANNEL.platform: platform}, tasks.spawn),
    )  # fmt: skip
    aside = tmp_path / "secret place" / "general.db.damaged-1"
    await mending.start()
    mender.on_mended(Mended(channel=CHANNEL, aside=aside, since=since, reason="its pages are cut"))
    post = await platform.post("reply:mended:general.db.damaged-1")
    assert ("1970-01-02 00:00 UTC" in post.text) == (since is not None)
    assert ("begin anew" in post.text) == (since is None)
    assert "secret place" not in post.text
    await asyncio.gather(*following)  # it takes up after it told
    assert taken == ([] if since is None else [CHANNEL])
    assert await control.unfinished() == (CHANNEL,)
    await tasks.close()
    await channels.close()
    await control.close()


@asynccontextmanager
async def life(data: Path) -> AsyncIterator[tuple[Platform, Channels]]:
    """A bot's start, as far as it is about files that were mended."""
    control, channels, tasks = await Control.open(data), Channels(data), Tasks()
    platform = Platform()

    async def take_up(channel: ChannelRef) -> None:
        raise AssertionError(f"{channel} is taken up with all others")

    mending = Mending(
        channels=channels, control=control, take_up=take_up, spawn=tasks.spawn, clock=lambda: 1.0,
        mender=Mender(data, KIND, no_copies),
        outbox=Outbox(channels, {CHANNEL.platform: platform}, tasks.spawn),
    )  # fmt: skip
    await mending.start()
    yield platform, channels
    assert await control.unfinished() == (CHANNEL,)
    await tasks.close()
    await channels.close()
    await control.close()


async def test_what_nobody_was_told_when_the_process_died_is_told_by_the_next_one_once(
    tmp_path: Path,
) -> None:
    path = Channels(tmp_path).path(CHANNEL)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"what a bad disk leaves of a file")
    assert Mender(tmp_path, KIND, no_copies).mend(CHANNEL, path)
    (aside,) = path.parent.glob("*.damaged-*")
    (note,) = path.parent.glob("*.untold-*")
    said = note.read_bytes()
    async with life(tmp_path) as (platform, _):
        post = await platform.post(f"reply:mended:{aside.name}")
        assert "begin anew" in post.text
        assert not note.exists()
    note.write_bytes(said)  # as if the process had died just before
    async with life(tmp_path) as (_, channels):
        assert await channels.read(CHANNEL, outbox.waiting_threads) == ()
        assert not note.exists()


async def asked_for(data: Path, title: str) -> str:
    """The id of the job that a message asks for where nothing is known of it."""
    async with room(data) as here:
        here.script.replies = [starts(title), says("started")]
        await here.ask("m1", "go")
        await here.hands.running(1)
        await here.ask("m2", "/cancel 1")
        return here.hands.attempts[0].id


async def test_a_message_that_comes_again_to_a_lost_channel_takes_up_no_other_job_s_work(
    tmp_path: Path,
) -> None:
    first = await asked_for(tmp_path / "before", "one")
    assert await asked_for(tmp_path / "after", "one") == first
    assert await asked_for(tmp_path / "changed", "two") != first
