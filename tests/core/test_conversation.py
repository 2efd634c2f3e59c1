"""A thread's mailbox: what waits for what, and what waits for nothing."""

import asyncio
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.job import Completed
from core.messages import ChannelRef, Seen, Trouble
from core.search.hits import Found
from core.state.database import Transaction
from tests.core.frail import Frail
from tests.core.room import BOB, CHANNEL, Script, calls, last, room, says, starts
from tests.core.surroundings import Nothing


async def test_a_message_is_acknowledged_before_any_model_is_asked(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        await here.platform.until(lambda: here.platform.hints)
        assert here.platform.hints[0] == Seen(
            thread=here.platform.hints[0].thread,  # type: ignore[union-attr]
            message_id="m1",
        )
        assert here.platform.posts() == []


async def test_a_command_passes_a_turn_that_hangs(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        answer = await here.ask("m2", "/jobs")
        assert "no jobs" in answer.text
        script.go.set()
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


async def test_threads_do_not_wait_for_each_other(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "slow"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "slow", thread="a")
        assert (await here.ask("m2", "quick", thread="b")).text == "echo: quick"
        assert [post.id for post in here.platform.posts()] == ["answer:m2"]


async def test_messages_of_one_thread_are_answered_in_order(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for number in range(5):
            await here.say(f"m{number}", f"text {number}")
        await here.platform.post("answer:m4")
        assert [post.id for post in here.platform.posts()] == [f"answer:m{n}" for n in range(5)]


async def test_the_same_message_again_has_one_effect(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
        await here.say("m1", "hello")
        await here.ask("m2", "another")
        assert [post.id for post in here.platform.posts()] == ["answer:m1", "answer:m2"]
        assert len(here.script.asked) == 2


async def test_a_result_passes_a_turn_that_hangs(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
        script.hang = lambda request: True
        await here.say("m2", "and now?")
        here.hands.end(1, Completed(result="all done"))
        result = await here.platform.post("result:1")
        assert result.text == "all done"
        assert result.mention is not None
        assert result.mention.name == "Ada"


async def test_a_reply_to_a_card_steers_its_job_without_a_model(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
        await here.say("m2", "use the other file", by=BOB, reply_to="card:1")
        reply = await here.platform.post("reply:message:m2")
        assert "Steered job 1" in reply.text
        assert len(script.asked) == 2


async def test_stop_in_reply_to_a_card_stops_its_job_and_no_other(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one", "two"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do both")
        await here.hands.running(1)
        await here.hands.running(2)
        await here.say("m2", "Stop!", reply_to="card:2")
        reply = await here.platform.post("reply:message:m2")
        assert "job 2" in reply.text.lower()
        assert "Steered" not in reply.text
        outcome = await here.platform.post("result:2")
        assert "topped" in outcome.text


async def test_a_reply_to_the_card_of_a_job_that_has_ended_is_talk(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
        here.hands.end(1)
        result = await here.platform.post("result:1")
        assert result.reply_to == "m1"
        for id, item in (("m2", "card:1"), ("m3", "result:1"), ("m4", "card:7")):
            await here.say(id, "and what of it?", reply_to=item)
            assert (await here.platform.post(f"answer:{id}")).text == "echo: and what of it?"


async def test_a_bug_in_one_event_is_told_and_costs_no_other(tmp_path: Path) -> None:
    script = Script()
    script.replies = [RuntimeError("a bug"), says("fine")]
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        assert "internal error" in (await here.platform.post("reply:message:m1")).text
        assert (await here.ask("m2", "again")).text == "fine"


async def test_an_unknown_command_is_told_what_there_is(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "/help" in (await here.ask("m1", "/nonsense")).text
        assert here.script.asked == []


async def test_a_turn_shows_its_text_as_it_comes_under_the_answers_id(tmp_path: Path) -> None:
    script = Script()
    script.replies = [calls(("list_jobs", {}), text="Looking."), says("There are none.")]
    async with room(tmp_path, script=script) as here:
        answer = await here.ask("m1", "jobs?")
        assert answer.text == "Looking.\n\nThere are none."
        assert here.streamed() == ["Looking.", "Looking.\n\nThere are none."]


@pytest.mark.parametrize(
    "card", ["card:\u00b2", "card:" + "9" * 490, "card:", "card:-1", "card:1.0"]
)
async def test_a_reply_to_what_is_no_card_is_talk(tmp_path: Path, card: str) -> None:
    async with room(tmp_path) as here:
        await here.say("m1", "hello", reply_to=card)
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


async def test_a_bug_costs_one_answer_and_says_so(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.script.replies = [ZeroDivisionError(), says("fine")]
        assert "internal error" in (await here.ask("m1", "hello")).text
        assert (await here.ask("m2", "hello again")).text == "fine"


async def test_what_breaks_the_apology_as_well_costs_no_other_message(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "one"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "one")
        await here.say("m2", "two")
        await here.channels.write(CHANNEL, taken)
        script.go.set()
        assert (await here.platform.post("answer:m2")).text == "echo: two"


def taken(tx: Transaction) -> None:
    """Take the ids of both the answer and the apology."""
    for id in ("answer:m1", "reply:message:m1"):
        tx.execute(
            "INSERT INTO messages (id, thread, author_id, author, text, at)"
            " VALUES (?, 't', '', '', '', 0)",
            (id,),
        )


class Slow(Nothing):
    """A finder that takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def find(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
    ) -> Found:
        await self.go.wait()
        if query == "broken":
            raise ZeroDivisionError
        if query == "damaged":
            raise StoreError("sources.db is damaged")
        return await super().find(channel, query, source, upto_message=upto_message)


async def test_a_search_holds_nothing_up(tmp_path: Path) -> None:
    slow = Slow()
    async with room(tmp_path, finder=slow) as here:
        await here.say("m1", "/search words")
        await here.ask("m2", "/jobs")
        slow.go.set()
        assert (await here.platform.post("reply:message:m1")).text == "nothing found"


async def test_a_search_that_breaks_says_so(tmp_path: Path) -> None:
    slow = Slow()
    slow.go.set()
    async with room(tmp_path, finder=slow) as here:
        assert "internal error" in (await here.ask("m1", "/search broken")).text
        assert "is damaged" in (await here.ask("m2", "/search damaged")).text


async def test_what_the_store_failed_is_done_before_what_came_after_it(tmp_path: Path) -> None:
    # The first call keeps the message, the second answers it.
    failing = Frail(tmp_path, 2, "fails")
    async with room(tmp_path, channels=failing, retry_s=0.2) as here:
        await here.say("m1", "/pause")
        await here.say("m2", "/resume")
        await here.platform.post("reply:message:m2")
        assert [post.id for post in here.platform.posts()] == [
            "reply:message:m1",
            "reply:message:m2",
        ]
        assert any(isinstance(hint, Trouble) for hint in here.platform.hints)


async def test_no_turn_begins_before_the_one_before_it_could_be_kept(tmp_path: Path) -> None:
    # Kept and begun, kept the other: the third call is the turn's end.
    failing, script = Frail(tmp_path, 3, "fails"), Script()
    script.hang = lambda request: last(request) == "one"
    async with room(tmp_path, channels=failing, script=script, retry_s=0.2) as here:
        await here.say("m1", "one")
        async with asyncio.timeout(60):
            await script.hung.wait()
        await here.say("m2", "two")
        script.go.set()
        await here.platform.post("answer:m2")
        assert [post.id for post in here.platform.posts()] == ["answer:m1", "answer:m2"]
        assert any(isinstance(hint, Trouble) for hint in here.platform.hints)
