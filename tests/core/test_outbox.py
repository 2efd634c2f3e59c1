"""The one door out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Outbound, Post, PostKind, ThreadRef
from core.outbox import Outbox
from core.records import outbox as rows
from core.records.outbox import Waiting
from core.state.channels import Channels
from core.tasks import Tasks
from tests.core.room import CHANNEL, Platform, room

THREAD = ThreadRef(channel=CHANNEL, thread="t")
POST = Post(id="p1", thread=THREAD, kind=PostKind.ANSWER, text="hi", at=1.0)


async def test_what_a_platform_did_not_take_is_tried_again_in_order(tmp_path: Path) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("busy", retry_after_s=0.01)
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        await here.say("m2", "/state")
        while platform.tried < 3:
            await here.say(f"m{platform.tried + 10}", "/help", thread="other")
        platform.trouble = None
        await platform.post("reply:message:m2")
        mine = [post.id for post in platform.posts() if post.thread.thread == "t"]
        assert mine == ["reply:message:m1", "reply:message:m2"]


async def test_what_a_platform_never_takes_does_not_block_what_comes_after(
    tmp_path: Path,
) -> None:
    platform = Platform()
    platform.trouble = DeliveryRefused("poison")
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        while platform.tried < 1:
            await here.say("m1", "/jobs")
        platform.trouble = None
        await here.ask("m2", "/state")
        assert [post.id for post in platform.posts()] == ["reply:message:m2"]


async def test_what_is_never_shown_is_told_with_its_reason_when_that_is_kept(
    tmp_path: Path,
) -> None:
    async with alone(tmp_path) as (outbox, platform, channels):
        told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        outbox.on_refused = lambda _, item, why: told.put_nowait((item.id if item else "", why))
        platform.trouble = DeliveryRefused("kicked")
        await channels.write(CHANNEL, lambda tx: rows.put(tx, POST))
        outbox.kick(THREAD)
        assert await told.get() == (POST.id, "kicked")
        assert await channels.look(CHANNEL, rows.refused) == {POST.id: "kicked"}
        platform.trouble = None
        platform.poison.add("p2")
        await channels.write(CHANNEL, lambda tx: rows.put(tx, replace(POST, id="p2")))
        outbox.kick(THREAD)
        assert await told.get() == ("p2", "its adapter broke: TypeError: a library's bug")


async def test_what_streams_does_not_come_to_stand_above_what_waits(tmp_path: Path) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("busy", retry_after_s=0.01)
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        await platform.until(lambda: platform.tried)
        await here.say("m2", "hello")
        tried = platform.tried
        await platform.until(lambda: here.script.asked and platform.tried > tried + 3)
        platform.trouble = None
        await platform.post("answer:m2")
        assert here.streamed() == []
        await here.ask("m3", "and now?", thread="other")
        assert here.streamed() == ["echo: and now?"]


async def test_what_was_not_shown_before_the_death_is_shown_after_it(tmp_path: Path) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("down", retry_after_s=60.0)
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        while platform.tried < 1:
            await here.say("m1", "/jobs")
    async with room(tmp_path) as here:
        assert "no jobs" in (await here.platform.post("reply:message:m1")).text


async def test_a_bug_of_a_platform_delays_its_item_and_nothing_of_it_is_lost(
    tmp_path: Path,
) -> None:
    platform = Platform()
    platform.trouble = TypeError("a library's bug")
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        await platform.until(lambda: platform.tried >= 2)
        platform.trouble = None
        await platform.post("reply:message:m1")


async def test_an_item_at_which_a_platform_always_breaks_does_not_block_the_thread_for_ever(
    tmp_path: Path,
) -> None:
    platform = Platform()
    platform.poison = {"reply:message:m1"}
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        await here.ask("m2", "/state")
        assert [post.id for post in platform.posts()] == ["reply:message:m2"]


async def test_an_item_that_cannot_be_read_does_not_block_the_thread(tmp_path: Path) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("down", retry_after_s=60.0)
    async with room(tmp_path, platform=platform) as here:
        await here.say("m1", "/jobs")
        await platform.until(lambda: platform.tried)
        await here.channels.write(
            CHANNEL, lambda tx: tx.execute("UPDATE outbox SET payload = '{'").rowcount
        )
    async with room(tmp_path) as here:
        await here.ask("m2", "/state")
        assert [post.id for post in here.platform.posts()] == ["reply:message:m2"]


async def test_however_much_waits_all_of_it_is_shown_in_order(tmp_path: Path) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("down", retry_after_s=60.0)
    ids = [f"m{number}" for number in range(120)]
    async with room(tmp_path, platform=platform) as here:
        for id in ids:
            await here.say(id, "/jobs")
    async with room(tmp_path) as here:
        await here.platform.post(f"reply:message:{ids[-1]}")
        assert [post.id for post in here.platform.posts()] == [f"reply:message:{id}" for id in ids]


async def test_when_an_outage_is_over_nobody_waits_for_the_end_of_a_long_pause(
    tmp_path: Path,
) -> None:
    platform = Platform()
    platform.trouble = DeliveryFailed("down")
    async with room(tmp_path, platform=platform, retry_s=60.0) as here:
        for number in range(3):
            await here.say(f"m{number}", "/jobs", thread=f"t{number}")
        await platform.until(lambda: platform.tried == 3)
        platform.trouble = None
        await here.ask("m3", "/jobs", thread="t3")
        for number in range(3):
            await platform.post(f"reply:message:m{number}")


class Unhurried(Platform):
    """Shows some items in their turn: when the test says so."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.turns = {id: asyncio.Event() for id in ids}

    async def deliver(self, item: Outbound) -> Awaitable[None] | None:
        await super().deliver(item)
        turn = self.turns.get(item.id)
        return None if turn is None else _when(turn)


async def _when(turn: asyncio.Event) -> None:
    await turn.wait()


async def test_nothing_waits_behind_what_a_platform_shows_in_its_turn(tmp_path: Path) -> None:
    platform = Unhurried("reply:message:m1")
    async with room(tmp_path, platform=platform) as here:
        await here.ask("m1", "/jobs")
        await here.ask("m2", "/state")
        await here.ask("m3", "/jobs")
        assert [post.id for post in platform.posts()] == [f"reply:message:m{n}" for n in (1, 2, 3)]


async def test_what_its_turn_has_not_come_for_is_delivered_again_after_a_death(
    tmp_path: Path,
) -> None:
    platform = Unhurried("reply:message:m1", "reply:message:m2")
    async with room(tmp_path, platform=platform) as here:
        await here.ask("m1", "/jobs")
        await here.ask("m2", "/jobs")
        platform.turns["reply:message:m1"].set()
        await here.ask("m3", "/jobs")  # its writes come after the one that marks the first
    async with room(tmp_path) as here:
        await here.ask("m4", "/jobs")
        ids = [post.id for post in here.platform.posts()]
        assert ids == ["reply:message:m2", "reply:message:m4"]


async def test_many_items_that_wait_for_their_turn_hide_none_behind_them(tmp_path: Path) -> None:
    ids = [f"m{number}" for number in range(60)]
    platform = Unhurried(*(f"reply:message:{id}" for id in ids))
    async with room(tmp_path, platform=platform) as here:
        for id in ids:
            await here.ask(id, "/jobs")
        await here.ask("last", "/jobs")
        assert len(platform.shown) == len(platform.posts()) == 61


async def test_what_is_known_to_wait_is_shown_without_being_read(tmp_path: Path) -> None:
    async with alone(tmp_path) as (outbox, platform, _):
        outbox.kick(THREAD, (Waiting(id=POST.id, version=1, attempts=0, item=POST),))
        assert await platform.post(POST.id) == POST


async def test_what_is_known_and_was_not_taken_is_shown_as_it_stands_by_then(
    tmp_path: Path,
) -> None:
    async with alone(tmp_path) as (outbox, platform, channels):
        await channels.write(CHANNEL, lambda tx: rows.put(tx, replace(POST, text="newer")))
        platform.trouble = DeliveryFailed("busy", retry_after_s=0.01)
        outbox.kick(THREAD, (Waiting(id=POST.id, version=1, attempts=0, item=POST),))
        await platform.until(lambda: platform.tried)
        platform.trouble = None
        assert (await platform.post(POST.id)).text == "newer"


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[tuple[Outbox, Platform, Channels]]:
    """An outbox that nobody else puts anything into."""
    platform, channels, tasks = Platform(), Channels(folder), Tasks()
    try:
        yield Outbox(channels, {CHANNEL.platform: platform}, tasks.spawn), platform, channels
    finally:
        await tasks.close()
        await channels.close()
