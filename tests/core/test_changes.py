"""Edits and deletions, before, during and after the answer, in any order."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from core.errors import NotAllowed
from core.jobs.job import Completed
from core.messages import ChannelRef, Deletion, Edit, Message, Person, Post, ThreadRef
from core.records import jobs, messages
from core.records.messages import newest
from core.revising import revise
from core.rights import Access, Who
from core.search.channel import search_messages
from core.search.query import parse
from core.state.database import Transaction
from tests.core.room import ADA, BOB, CHANNEL, Platform, Room, Script, calls, last, room, says

THREAD = ThreadRef(channel=CHANNEL, thread="t")


async def edit(
    here: Room, id: str, about: str, text: str, at: float = 2.0, by: Person = ADA
) -> None:
    await here.dispatcher.accept(
        Edit(id=id, thread=THREAD, message_id=about, author=by, text=text, at=at)
    )


async def delete(here: Room, about: str) -> None:
    gone = Deletion(id=f"d-{about}", thread=THREAD, message_id=about, at=3.0)
    await here.dispatcher.accept(gone)


async def hanging(here: Room) -> None:
    """Wait until a model call hangs."""
    async with asyncio.timeout(60):
        await here.script.hung.wait()
    here.script.hung.clear()


async def texts(here: Room) -> dict[str, str]:
    lines = await here.channels.read(CHANNEL, partial(messages.read, channel=CHANNEL))
    return {line.id: line.text for line in lines}


async def found(here: Room, words: str) -> int:
    query = parse(words)

    def look(tx: Transaction) -> int:
        return len(search_messages(tx, query, None, 10).hits)

    return await here.channels.read(CHANNEL, look)


async def test_what_an_answered_message_says_now_is_all_that_is_ever_shown_of_it(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [says("noted"), says("a wombat")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "the code is quokka")
        await edit(here, "e1", "m1", "the code is wombat")
        await here.ask("m2", "what is it?")
        shown = str(script.asked[-1].messages)
        assert ("wombat" in shown, "quokka" in shown) == (True, False)
        assert (await found(here, "code wombat"), await found(here, "quokka")) == (1, 0)
        assert (await texts(here))["m1"] == "the code is wombat"
        assert [post.id for post in here.platform.posts()] == ["answer:m1", "answer:m2"]


async def test_of_a_deleted_message_nothing_is_left(tmp_path: Path) -> None:
    script = Script()
    script.replies = [says("noted")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "the code is quokka")
        await here.ask("x1", "/jobs", thread="other")
        await delete(here, "m1")
        assert await found(here, "quokka") == 0
        assert "m1" not in await texts(here)
        await here.ask("m2", "what is it?")
        assert "quokka" not in str(script.asked[-1].messages)
        threads = await here.channels.read(CHANNEL, partial(messages.threads, channel=CHANNEL))
        assert [(line.thread.thread, line.title, line.messages) for line in threads] == [
            ("t", "noted", 3),
            ("other", "/jobs", 2),
        ]
        await here.say("m1", "the code is quokka")
        await edit(here, "e1", "m1", "quokka again", at=9.0)
        assert await found(here, "quokka") == 0


async def test_a_message_that_waits_is_answered_as_it_was_edited_last(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "slow"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "slow")
        await hanging(here)
        for id in ("m2", "m3", "m4"):
            await here.say(id, f"first {id}")
        await edit(here, "e1", "m2", "second")
        await edit(here, "e2", "m2", "third", at=3.0)
        await edit(here, "e3", "m2", "late", at=1.5)
        await delete(here, "m3")
        script.go.set()
        assert (await here.platform.post("answer:m4")).text == "echo: first m4"
        assert (await here.platform.post("answer:m2")).text == "echo: third"
        assert [post.id for post in here.platform.posts()] == [
            "answer:m1", "answer:m2", "answer:m4",
        ]  # fmt: skip


async def test_talk_that_waits_and_becomes_a_command_waits_no_more(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "slow")
        await hanging(here)
        await here.say("m2", "all of it")
        await edit(here, "e1", "m2", "/jobs")
        assert "no jobs" in (await here.platform.post("reply:message:m2")).text


async def test_talk_that_became_a_command_is_not_put_to_the_model_before_word_of_it_comes(
    tmp_path: Path,
) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "slow"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "slow")
        await hanging(here)
        await here.say("m2", "all of it")
        to_command = Edit(id="e1", thread=THREAD, message_id="m2", author=ADA, text="/jobs", at=2.0)
        # Kept, and the thread has not heard of it when the turn before it ends.
        await here.channels.write(CHANNEL, partial(revise, change=to_command, now=2.0))
        script.go.set()
        await here.ask("m3", "hello")
        assert [last(request) for request in script.asked] == ["slow", "hello"]


async def test_a_turn_that_has_done_nothing_yet_begins_anew_with_the_new_text(
    tmp_path: Path,
) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "one"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "one")
        await hanging(here)
        await here.say("m2", "next")
        await edit(here, "e1", "m1", "two")
        assert (await here.platform.post("answer:m1")).text == "echo: two"
        assert (await here.platform.post("answer:m2")).text == "echo: next"
        assert [last(request) for request in script.asked] == ["one", "two", "next"]


async def test_a_turn_that_has_begun_to_do_things_finishes_what_it_was_asked(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [calls(("list_jobs", {}))]
    script.hang = lambda request: any(m.role == "tool" for m in request.messages)
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "one")
        await hanging(here)
        await edit(here, "e1", "m1", "two")
        script.go.set()
        assert (await here.platform.post("answer:m1")).text == "echo: one"
        assert (await texts(here))["m1"] == "two"


async def test_a_deletion_ends_the_turn_and_what_it_promised_never_starts(tmp_path: Path) -> None:
    script = Script()
    script.replies = [calls(("start_job", {"title": "one", "brief": "one"}))]
    script.hang = lambda request: any(m.role == "tool" for m in request.messages)
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "one")
        await hanging(here)
        await delete(here, "m1")
        gone = await here.platform.post("answer:m1")
        assert "was deleted" in gone.text
        assert gone.reply_to == "m1"
        script.hang = lambda request: False
        assert (await here.ask("m2", "hello")).text == "echo: hello"
        assert await here.channels.read(CHANNEL, jobs.ids) == ()
        assert here.hands.attempts == []


async def test_a_job_goes_on_when_the_message_that_asked_for_it_is_deleted(tmp_path: Path) -> None:
    script = Script()
    script.replies = [calls(("start_job", {"title": "one", "brief": "one"})), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "one")
        await here.hands.running(1)
        await delete(here, "m1")
        here.hands.end(1, Completed(result="done"))
        assert (await here.platform.post("result:1")).text == "done"


async def test_words_to_a_job_are_changed_and_taken_back_with_their_message(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [calls(("start_job", {"title": "one", "brief": "one"})), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "one")
        await here.hands.running(1)
        for id in ("m2", "m3"):
            await here.say(id, f"use {id}", reply_to="card:1")
            await here.platform.post(f"reply:message:{id}")
        await edit(here, "e1", "m2", "use the other")
        await delete(here, "m3")
        words = await here.channels.read(CHANNEL, partial(jobs.steering, number=1, after=0))
        assert [word.text for word in words] == ["use the other"]


async def test_only_its_author_changes_a_message_and_only_who_may_use_the_bot(
    tmp_path: Path,
) -> None:
    access = Access(who=Who.LISTED, people=frozenset({"ada"}))
    async with room(tmp_path, access=access) as here:
        await here.ask("m1", "hello")
        with pytest.raises(NotAllowed, match="not on the list"):
            await edit(here, "e1", "m1", "mine now", by=BOB)
    async with room(tmp_path) as here:
        with pytest.raises(NotAllowed, match="Only who wrote"):
            await edit(here, "e1", "m1", "mine now", by=BOB)
        assert (await texts(here))["m1"] == "hello"
        await edit(here, "e1", "m1", "still mine")
        assert (await texts(here))["m1"] == "still mine"


async def test_the_same_edit_again_does_not_undo_a_later_one_of_the_same_second(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "one")
        await edit(here, "e1", "m1", "two")
        await edit(here, "e2", "m1", "three")
        await edit(here, "e1", "m1", "two")
        assert (await texts(here))["m1"] == "three"


async def test_a_change_of_an_unknown_message_leaves_no_trace(tmp_path: Path) -> None:
    never = ChannelRef(platform="world", workspace="w", channel="silent")
    where = ThreadRef(channel=never, thread="t")
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
        await here.dispatcher.accept(Deletion(id="d", thread=where, message_id="m9", at=1.0))
        await delete(here, "m9")
        await edit(here, "e1", "answer-m1", "mine now")
        assert not here.channels.path(never).exists()
        noted = "SELECT count(*) FROM inbox WHERE id NOT GLOB 'message:*'"
        assert await here.channels.read(CHANNEL, lambda tx: tx.execute(noted).fetchone()) == (0,)


async def test_a_change_that_comes_before_its_message_is_not_lost(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await edit(here, "e1", "m1", "newer", at=3.0)
        await edit(here, "e2", "m1", "older", at=2.0)
        await edit(here, "e3", "m2", "not mine", by=BOB)
        await delete(here, "m3")
        await here.say("m3", "never said")
        assert (await here.ask("m1", "first")).text == "echo: newer"
        assert (await here.ask("m2", "mine")).text == "echo: mine"
        assert set(await texts(here)) == {"m1", "m2", "answer:m1", "answer:m2"}


async def test_an_edit_that_leaves_nothing_takes_the_question_back(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: last(request) == "slow"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "slow")
        await hanging(here)
        await here.say("m2", "one")
        await edit(here, "e1", "m2", " ")
        script.go.set()
        await here.ask("m3", "two")
        assert [post.id for post in here.platform.posts()] == ["answer:m1", "answer:m3"]


async def test_what_was_forgotten_no_edit_brings_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "a secret")
        asked = await here.ask("f1", "/forget me")
        await here.press("p1", asked.buttons[0].action)
        await here.platform.post("reply:forget:1")
        await edit(here, "e1", "m1", "a secret, edited before", at=1.5)
        assert "secret" not in str(await texts(here))


async def test_nobody_is_answered_twice_when_a_change_meets_the_end_of_the_turn(
    tmp_path: Path,
) -> None:
    for moment in range(12):
        platform = Platform()
        async with room(tmp_path / str(moment), platform=platform) as here:
            said: Message = await here.say("m1", "one")
            for _ in range(moment * 3):
                await asyncio.sleep(0)
            await edit(here, "e1", said.id, "two")
            answer: Post = await platform.post("answer:m1")
            assert answer.text in ("echo: one", "echo: two")
            await here.ask("m2", "after")
            assert [post.id for post in platform.posts()] == ["answer:m1", "answer:m2"]
            assert await here.channels.read(CHANNEL, newest) == 4
