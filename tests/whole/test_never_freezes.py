"""Promise 1: whatever hangs, everything else goes on. What hangs here hangs for ever, so that an
answer at all shows that it did not wait; how soon it comes is measured in bench/."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.play import Play, finish, say, shell, starting
from tests.harness.room import room

HANG = Reply(hang=True)


async def test_a_thread_answers_while_the_model_hangs_in_another(tmp_path: Path) -> None:
    async with room(tmp_path, Play({"hang": [HANG], "hello": [say("hi")]})) as r:
        hanging = r.page.say("hang", thread="slow")
        await r.page.until(lambda: hanging in r.page.seen)
        for _ in range(5):
            assert (await r.page.ask("hello", thread="quick")).text == "hi"


async def test_every_message_is_acknowledged_before_any_model_answers(tmp_path: Path) -> None:
    async with room(tmp_path, Play({"hang": [HANG]})) as r:
        ids = [r.page.say("hang", thread=f"thread-{n}") for n in range(20)]
        await r.page.until(lambda: all(id_ in r.page.seen for id_ in ids))
        # Those that wait behind a hanging turn are acknowledged as well.
        behind = r.page.say("hang again", thread="thread-0")
        await r.page.until(lambda: behind in r.page.seen)


@pytest.mark.needs_system("bubblewrap")
async def test_commands_and_results_pass_a_hanging_turn_in_the_same_thread(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play(
        {"all of it": starting("ready", "endless"), "hang": [HANG]},
        {
            "ready": [Reply(calls=[("finish", {"result": "the result"})], gate=gate)],
            "endless": [shell("sleep 600")],
        },
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("all of it", thread="t")
        await r.page.card(2, lambda card: card.state == "running" and "sleep" in card.step)
        hanging = r.page.say("hang", thread="t")
        await r.page.until(lambda: hanging in r.page.seen)
        assert "2" in (await r.page.ask("/cancel 2", thread="t")).text
        assert "stopped by ana" in (await r.page.result(2)).text
        gate.set()
        result = await r.page.result(1)
        assert (result.text, result.thread, result.mention) == ("the result", "t", "ana")


async def test_a_waiting_message_is_answered_when_the_turn_before_it_ends(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play({"first": [Reply(text="one", gate=gate)], "second": [say("two")]})
    async with room(tmp_path, play) as r:
        first, second = r.page.say("first"), r.page.say("second")
        await r.page.until(lambda: {first, second} <= r.page.seen.keys())
        await r.model.arrived(1)
        assert len(play.requests) == 1
        gate.set()
        assert (await r.page.answer(second)).text == "two"
        await r.page.sync()
        assert [post.text for post in r.page.posts] == ["one", "two"]


async def test_an_answer_is_streamed_and_then_stands_once(tmp_path: Path) -> None:
    long = Reply(text="word " * 40, pieces=40, piece_latency_s=0.02)
    async with room(tmp_path, Play({"tell": [long]})) as r:
        id_ = r.page.say("tell")
        await r.page.until(lambda: any("word" in text for text in r.page.streams.values()))
        assert (await r.page.answer(id_)).text == ("word " * 40).strip()
        assert r.page.streams == {}
        assert len(r.page.posts) == 1


@pytest.mark.needs_system("bubblewrap")
async def test_chat_goes_on_while_sixteen_jobs_run(tmp_path: Path) -> None:
    briefs = [f"busy {n}" for n in range(16)]
    busy = [shell("i=0; while [ $i -lt 200 ]; do i=$((i+1)); sleep 0.01; done"), finish("ok")]
    play = Play({"all of it": starting(*briefs), "hello": [say("hi")]}, {"busy": busy})
    async with room(tmp_path, play, sections={"subagents": {"per_message": 16}}) as r:
        await r.page.ask("all of it")
        for _ in range(10):
            assert (await r.page.ask("hello", thread="other")).text == "hi"
        await asyncio.gather(*(r.page.result(job) for job in range(1, 17)))
