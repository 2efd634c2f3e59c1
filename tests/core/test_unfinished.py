"""What a channel's file says of its unfinished work."""

from functools import partial
from pathlib import Path

from core.unfinished import look, nothing_left
from tests.core.room import CHANNEL, DEFAULTS, Room, Script, room, says, starts

LOOK = partial(look, defaults=DEFAULTS)
NOTHING = partial(nothing_left, defaults=DEFAULTS)


async def nothing(here: Room) -> tuple[bool, bool]:
    """What both ways of looking say."""
    found = await here.channels.glance(CHANNEL, LOOK)
    return found.nothing, await here.channels.read(CHANNEL, NOTHING)


async def test_a_channel_in_which_all_is_answered_has_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
    async with room(tmp_path) as here:
        assert await nothing(here) == (True, True)


async def test_a_job_an_owed_answer_and_a_pause_are_found(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one", thread="a")
        await here.hands.running(1)
        await here.ask("m2", "/pause", thread="a")
        script.hang = lambda request: True
        await here.say("m3", "hm", thread="b")
        await here.say("m4", "hm", thread="b")
        found = await here.channels.glance(CHANNEL, LOOK)
        assert found.paused
        assert found.wanted == ((1, "ada"),)
        assert found.owed == (("b", "message:m3"), ("b", "message:m4"))
        assert await nothing(here) == (False, False)


async def test_what_could_not_be_shown_is_found(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.platform.poison.add("reply:message:m1")
        await here.say("m1", "/help")
        await here.platform.until(lambda: here.platform.tried)
        found = await here.channels.glance(CHANNEL, LOOK)
        assert found.shown == ("t",)
        assert await nothing(here) == (False, False)
