"""What was unfinished is taken up in an order that keeps nobody waiting who is there now."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core import recovery
from core.errors import StoreError
from core.messages import ChannelRef
from core.model.chat import ModelRequest
from core.records import inbox
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from tests.core.room import CHANNEL, Script, last, room

T = TypeVar("T")


def hanging(*words: str) -> Script:
    """A model that never answers a message with one of these words."""

    def hangs(request: ModelRequest) -> bool:
        return any(word in last(request) for word in words)

    script = Script()
    script.hang = hangs
    return script


async def killed_with(data: Path, **said: str) -> None:
    """A life in which nobody got an answer: what was said in each thread."""
    script = hanging("")
    async with room(data, script=script) as here:
        for number, (thread, text) in enumerate(said.items()):
            await here.say(f"old{number}", text, thread=thread)


class Held(Channels):
    """Channels into which nobody can look before `go` is set; `trouble` is raised once then."""

    def __init__(self, root: Path, trouble: Exception | None = None) -> None:
        super().__init__(root)
        self.go = asyncio.Event()
        self._trouble = trouble

    async def glance(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        """See Channels."""
        await self.go.wait()
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble
        return await super().glance(ref, function)


async def test_what_is_said_now_passes_what_waits_from_before_in_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await killed_with(tmp_path, one="hang", two="old")
    monkeypatch.setattr(recovery, "MOST_ANSWERED", 1)
    async with room(tmp_path, script=hanging("hang")) as here:
        await here.say("new", "new", thread="two")
        await here.platform.post("answer:new")
        shown = [post.id for post in here.platform.posts()]
        assert shown == ["answer:old1", "answer:new"], "in the order in which they were said"


async def test_so_many_conversations_at_once_and_then_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await killed_with(tmp_path, one="a", two="b", three="c")
    monkeypatch.setattr(recovery, "MOST_ANSWERED", 1)
    script = hanging("a")
    async with room(tmp_path, script=script) as here:
        await script.hung.wait()
        assert [last(request) for request in script.asked] == ["a"]
        script.go.set()
        for number in range(3):
            await here.platform.post(f"answer:old{number}")
        assert [last(request) for request in script.asked] == ["a", "b", "c"]


async def test_the_door_opens_while_much_is_still_to_be_taken_up(tmp_path: Path) -> None:
    await killed_with(tmp_path, one="old")
    channels = Held(tmp_path)
    async with room(tmp_path, channels=channels, patience_s=0.01) as here:
        saying = asyncio.create_task(here.say("new", "new", thread="one"))
        assert here.platform.shown == []
        channels.go.set()
        await saying
        await here.platform.post("answer:new")
        assert [post.id for post in here.platform.posts()] == ["answer:old0", "answer:new"]


async def test_a_channel_that_cannot_be_looked_into_is_tried_again(tmp_path: Path) -> None:
    await killed_with(tmp_path, one="old")
    channels = Held(tmp_path, StoreError("busy"))
    channels.go.set()
    async with room(tmp_path, channels=channels) as here:
        assert (await here.platform.post("answer:old0")).text == "echo: old"


async def test_what_is_said_does_not_pass_what_was_said_before_and_cannot_be_read(
    tmp_path: Path,
) -> None:
    await killed_with(tmp_path, t="first")
    channels = Held(tmp_path, StoreError("no"))
    channels.go.set()
    async with room(tmp_path, channels=channels, retry_s=60.0) as here:
        # It is tried again as somebody comes.
        await here.ask("new", "second")
        assert [post.id for post in here.platform.posts()] == ["answer:old0", "answer:new"]


async def test_while_what_was_said_before_cannot_be_read_nothing_more_is_kept(
    tmp_path: Path,
) -> None:
    class Blind(Channels):
        """Channels that can be looked into and not read."""

        blind = True

        async def read(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
            if self.blind and getattr(function, "func", None) is inbox.owed_of:
                raise StoreError("no")
            return await super().read(ref, function)

    await killed_with(tmp_path, t="first")
    channels = Blind(tmp_path)
    async with room(tmp_path, channels=channels, retry_s=60.0) as here:
        with pytest.raises(StoreError, match="cannot be read: no"):
            await here.say("new", "second")
        await here.ask("other", "/jobs", thread="elsewhere")
        channels.blind = False
        await here.ask("new", "second")
        posts = [post.id for post in here.platform.posts() if post.thread.thread == "t"]
        assert posts == ["answer:old0", "answer:new"]


async def test_an_answer_that_goes_out_after_the_start_leaves_no_mark(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
    async with room(tmp_path):
        pass
    control = await Control.open(tmp_path)
    try:
        assert await control.every() == (CHANNEL,)
        assert await control.unfinished() == ()
    finally:
        await control.close()
