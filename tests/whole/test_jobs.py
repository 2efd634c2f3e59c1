"""Jobs as a person sees them: started, stopped, steered, queued, paused, run again, failed."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.harness.play import Play, change, finish, say, shell, starting, write
from tests.harness.room import Room, room

pytestmark = pytest.mark.needs_system("bubblewrap")

ENDLESS = [shell("sleep 600")]


async def test_three_jobs_of_one_message_go_their_own_ways(tmp_path: Path) -> None:
    gate, steering = asyncio.Event(), asyncio.Event()

    def steered(received: Received) -> Reply:
        heard = [m for m in received.messages if "use blue" in str(m.get("content"))]
        looking = Reply(calls=[("list_files", {})], gate=steering)
        return finish("it is blue") if heard else looking

    play = Play(
        {"three": starting("alpha", "beta", "gamma", answer="Three jobs started.")},
        {"alpha": ENDLESS, "gamma": [Reply(text="gamma is done", gate=gate)]},
    )

    def script(received: Received) -> Reply:
        if "finish" in received.tools and "beta" in str(received.messages[:3]):
            return steered(received)
        return play(received)

    async with room(tmp_path, script) as r:
        assert (await r.page.ask("three")).text == "Three jobs started."
        for job in (1, 2, 3):
            await r.page.card(job, lambda card: card.state == "running")
        r.page.press(r.page.cards[1].button("Stop"))
        assert "stopped by ana" in (await r.page.result(1)).text
        await r.page.answer(r.page.press(r.page.cards[2].button("Steer"), text="use blue"))
        steering.set()
        assert "it is blue" in (await r.page.result(2)).text
        gate.set()
        result = await r.page.result(3)
        assert (result.text, result.mention) == ("gamma is done", "ana")
        states = [(await r.page.card(job, lambda card: card.ended)).state for job in (1, 2, 3)]
        assert states == ["cancelled", "completed", "completed"]


async def test_jobs_above_the_limit_say_that_they_are_queued_and_run_later(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play(
        {"all of it": starting("one", "two", "three")},
        {"o": [Reply(text="done", gate=gate)], "t": [Reply(text="done", gate=gate)]},
    )
    async with room(tmp_path, play, sections={"subagents": {"max_running": 2}}) as r:
        await r.page.ask("all of it")
        told = [m["content"] for m in play.requests[1].messages if m["role"] == "tool"]
        assert "queued" not in told[0]
        assert "queued: all 2 places are taken" in told[2]
        queued = await r.page.card(3, lambda card: card.state == "queued")
        assert "waiting" in queued.step
        assert "queued" in (await r.page.ask("/jobs")).text
        await r.page.card(2, lambda card: card.state == "running")
        assert r.page.cards[3].state == "queued"
        gate.set()
        for job in (1, 2, 3):
            assert "done" in (await r.page.result(job)).text


async def test_a_queued_job_can_be_stopped_before_it_ever_runs(tmp_path: Path) -> None:
    play = Play({"all of it": starting("first", "second")}, {"first": ENDLESS, "second": ENDLESS})
    async with room(tmp_path, play, sections={"subagents": {"max_running": 1}}) as r:
        await r.page.ask("all of it")
        await r.page.ask("/cancel 2")
        assert "stopped by ana" in (await r.page.result(2)).text
        assert play.of_job("second") == []
        await r.page.ask("/cancel 1")
        await r.page.result(1)


async def test_pause_holds_new_jobs_back_until_resume(tmp_path: Path) -> None:
    play = Play({"all of it": starting("held")}, {"held": [finish("ran at last")]})
    async with room(tmp_path, play) as r:
        await r.page.ask("/pause")
        await again(r)  # a pause outlives the process, with and without a job that waits
        await r.page.ask("all of it")
        assert "this channel is paused" in str(play.requests[1].messages)
        await r.page.card(1, lambda card: card.state == "queued")
        await again(r)
        assert "queued" in (await r.page.ask("/jobs")).text
        assert play.of_job("held") == []
        await r.page.ask("/resume")
        assert "ran at last" in (await r.page.result(1)).text


async def test_settings_change_while_jobs_run_and_hold_for_later_ones(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play(
        {"early": starting("old"), "late": starting("new")},
        {"old": [Reply(text="old is done", gate=gate)], "new": [finish("new is done")]},
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("early")
        await r.page.card(1, lambda card: card.state == "running")
        await r.model.arrived(3)
        await r.page.ask("/settings subagent_model other-model")
        await r.page.ask("/settings instructions Always rhyme.")
        await r.page.ask("late")
        await r.page.result(2)
        gate.set()
        await r.page.result(1)
        assert {request.body["model"] for request in play.of_job("old")} == {"scripted"}
        assert {request.body["model"] for request in play.of_job("new")} == {"other-model"}
        assert "Always rhyme." in str(play.of_job("new")[0].messages)
        assert "other-model" in (await r.page.ask("/settings")).text
        wrong = await r.page.ask("/settings max_steps many")
        assert "whole number" in wrong.text


async def test_a_failed_job_says_why_merges_nothing_and_can_be_run_again(tmp_path: Path) -> None:
    runs = 0

    def script(received: Received) -> Reply:
        nonlocal runs
        if "finish" not in received.tools:
            return starting("try hard")[min(received.stage, 1)]
        stage = sum(message["role"] == "assistant" for message in received.messages)
        if stage == 0:
            runs += 1
            return change("tries", "add", 1)
        return Reply(status=400, body='{"error": {"message": "no"}}') if runs == 1 else finish("ok")

    async with room(tmp_path, script) as r:
        await r.page.ask("go")
        failed = await r.page.result(1)
        assert "failed" in failed.text
        assert "Nothing of it was merged" in failed.text
        assert failed.receipt == ()
        r.page.press(failed.button("Run again"))
        again = await r.page.result(2)
        assert again.text == "ok"
        assert "1" in (await r.page.ask("/state tries")).text


async def test_a_job_over_its_budget_is_ended_and_nothing_more_is_bought(tmp_path: Path) -> None:
    spendthrift = Reply(calls=[("list_files", {})], usage=(9_000, 1_000))
    play = Play({"go": starting("spend")}, {"spend": [spendthrift]})
    sections = {"budget": {"per_job": 60_000}, "model": {"max_completion_tokens": 1000}}
    async with room(tmp_path, play, sections=sections) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "budget of 60,000 tokens" in result.text
        assert len(play.of_job("spend")) <= 6
        assert r.page.cards[1].tokens <= 60_000


async def test_a_result_names_its_files_and_what_was_merged(tmp_path: Path) -> None:
    parts = [
        write("notes/a.md", "# A\n"),
        change("topic", "put", "ice"),
        finish("**Done.**", "notes/a.md"),
    ]
    play = Play({"go": starting("write")}, {"write": parts})
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "<strong>Done.</strong>" in result.html
        assert result.files == ("notes/a.md",)
        assert any("notes/a.md" in line for line in result.receipt)
        assert any("topic" in line for line in result.receipt)
        details = await r.page.look("job", number=1)
        assert any("write_file" in step["title"] for step in details["steps"])


async def test_a_job_that_only_talks_is_finished_with_what_it_said(tmp_path: Path) -> None:
    play = Play({"go": starting("talk")}, {"talk": [say("just words")]})
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        assert (await r.page.result(1)).text == "just words"


async def again(r: Room) -> None:
    """Stop the bot and start it."""
    assert await r.bot.stop() == 0
    await r.bot.start()
    await r.page.connected()
