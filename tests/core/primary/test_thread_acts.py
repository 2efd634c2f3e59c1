"""Stopping what goes on in a thread: the answer first, its jobs when there is none."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from core.jobs.admission import Limits
from core.messages import PostKind
from core.model.account import Account
from core.model.chat import ModelReply, ModelRequest
from core.records import jobs
from core.rights import Access, Who
from tests.core.room import BOB, CHANNEL, Room, Script, calls, last, room, says, starts


def second_call(request: ModelRequest) -> bool:
    return any(message.role == "tool" for message in request.messages)


async def hanging(here: Room) -> None:
    async with asyncio.timeout(60):
        await here.script.hung.wait()


async def test_the_answer_ends_as_far_as_it_was_shown_and_starts_nothing(tmp_path: Path) -> None:
    script = Script()
    script.replies = [calls(("start_job", {"title": "one", "brief": "one"}), text="Let me see.")]
    script.hang = second_call
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "do one")
        await hanging(here)
        await here.say("m2", "next")
        assert (await here.press("p1", "stop.thread")).text == "Stopped the answer to Ada."
        stopped = await here.platform.post("answer:m1")
        assert stopped.text == (
            "Let me see.\n\n*(Stopped by Ada. What it was to start or to change was not done.)*"
        )
        assert (stopped.kind, stopped.reply_to) == (PostKind.ANSWER, "m1")
        assert (await here.platform.post("answer:m2")).text == "echo: next"
        assert await here.channels.read(CHANNEL, jobs.ids) == ()
        assert here.hands.attempts == []


class Streaming(Script):
    """Streams half a sentence and then hangs."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        assert on_text is not None
        on_text("Half a")
        return await super().complete(account, request)


async def test_what_people_saw_of_an_answer_stays(tmp_path: Path) -> None:
    script = Streaming()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        await here.platform.until(lambda: here.streamed() == ["Half a"])
        await here.press("p1", "stop.thread")
        stopped = await here.platform.post("answer:m1")
        assert stopped.text == "Half a\n\n*(Stopped by Ada.)*"


async def test_a_stopped_answer_stays_stopped_after_a_restart(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        await hanging(here)
        await here.press("p1", "stop.thread")
    async with room(tmp_path) as here:
        assert (await here.ask("m2", "again")).text == "echo: again"
        shown = {post.id: post.text for post in here.platform.posts()}
        assert shown.get("answer:m1", "*(Stopped by Ada.)*") == "*(Stopped by Ada.)*"
        assert [last(request) for request in here.script.asked] == ["again"]


async def test_jobs_go_on_while_an_answer_is_stopped_and_are_stopped_when_there_is_none(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [starts("one", "two"), says("started")]
    limits = Limits(max_running=1, per_channel=1, per_person=1)
    async with room(tmp_path, script=script, limits=limits) as here:
        await here.ask("m1", "do both")
        await here.hands.running(1)
        script.hang = lambda request: last(request) == "talk"
        await here.say("m2", "talk")
        await hanging(here)
        await here.ask("m3", "/stop")
        assert here.hands.killed == []
        assert (await here.ask("m4", "/stop")).text == "Stopping jobs 1, 2."
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        assert "stopped by Ada" in (await here.platform.post("result:2")).text
        assert "Nothing runs" in (await here.ask("m5", "/stop")).text


async def test_another_thread_is_left_alone(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello", thread="other")
        await hanging(here)
        assert "Nothing runs" in (await here.press("p1", "stop.thread")).text
        script.go.set()
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


async def test_who_neither_asked_nor_may_steer_stops_nothing(tmp_path: Path) -> None:
    access = Access(who=Who.ANYONE, admins=frozenset({"root"}))
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, access=access, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
        script.hang = lambda request: last(request) == "talk"
        assert "Only who asked" in (await here.press("p1", "stop.thread", by=BOB)).text
        await here.say("m2", "talk")
        await hanging(here)
        assert "Only who asked" in (await here.press("p2", "stop.thread", by=BOB)).text
        script.go.set()
        assert (await here.platform.post("answer:m2")).text == "echo: talk"
        assert here.hands.killed == []


async def test_a_turn_that_a_bug_ended_is_not_stopped_again(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("never"), RuntimeError("a bug")]
    async with room(tmp_path, script=script) as here:
        assert "internal error" in (await here.ask("m1", "hello")).text
        assert "Nothing runs" in (await here.press("p1", "stop.thread")).text
        assert await here.channels.read(CHANNEL, jobs.ids) == ()


async def test_one_job_is_stopped_by_its_number(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one", "two"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do both")
        await here.hands.running(2)
        assert (await here.ask("m2", "/stop 2")).text == "Stopping job 2."
        await here.platform.post("result:2")
        assert here.hands.killed == [2]
