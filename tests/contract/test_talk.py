"""Talking: seen, answered, streamed, changed, taken back, by those who may and by nobody else."""

import asyncio

from tests.contract.somebody import SHARED, settled, texts
from tests.contract.stage import Stage
from tests.contract.theatre import everywhere
from tests.emulators.script import Reply
from tests.harness.people import one
from tests.harness.play import say

NO_DELETIONS = ("page", "telegram", "telegram-webhook")


@everywhere()
async def test_a_thread_is_one_conversation_and_knows_nothing_of_another(on: Stage) -> None:
    asked = await on.anna.ask("first sesame", 1)
    await one(on.anna, asked, "heard first sesame")
    await on.anna.more(asked, "second")
    await one(on.anna, asked, "heard second")
    second = next(r for r in on.model.asked if r.asked == "second")
    assert "first sesame" in str(second.messages)
    other = await on.anna.ask("elsewhere", 2)
    await one(on.anna, other, "heard elsewhere")
    third = next(r for r in on.model.asked if r.asked == "elsewhere")
    assert "sesame" not in str(third.messages)
    assert "elsewhere" not in texts(on.anna, asked)


@everywhere(but=("page",))
async def test_a_question_that_was_changed_is_answered_as_it_says_now(on: Stage) -> None:
    gate = asyncio.Event()
    on.plays({"alpha": [Reply(text="about alpha", gate=gate)], "beta": [say("about beta")]})
    asked = await on.anna.ask("alpha", 4)
    await on.model.reached("alpha")
    await on.anna.edit(asked, "beta")
    await one(on.anna, asked, "about beta")
    gate.set()
    await settled(on.anna, asked)
    assert "about alpha" not in texts(on.anna, asked)


@everywhere(but=NO_DELETIONS)
async def test_a_question_that_was_deleted_is_not_answered(on: Stage) -> None:
    gate = asyncio.Event()
    on.plays({"gamma": [Reply(text="about gamma", gate=gate)]})
    asked = await on.anna.ask("gamma", 5)
    await on.model.reached("gamma")
    await on.anna.delete(asked)
    gate.set()
    later = await on.anna.ask("after it", 5)
    await one(on.anna, later, "heard after it")
    assert "about gamma" not in texts(on.anna, asked)
    assert not any("gamma" in str(r.messages) for r in on.model.asked if r.asked == "after it")


@everywhere()
async def test_a_message_that_comes_twice_is_answered_once(on: Stage) -> None:
    asked = await on.anna.ask("twice", 6)
    await on.anna.again(asked)
    await one(on.anna, asked, "heard twice")
    await on.anna.again(asked)
    await settled(on.anna, asked)
    assert texts(on.anna, asked).count("heard twice") == 1
    assert len([r for r in on.model.asked if r.asked == "twice"]) == 1


@everywhere()
async def test_commands_are_understood_as_words_and_as_the_platform_has_them(on: Stage) -> None:
    asked = await on.anna.ask("/help", 7)
    await one(on.anna, asked, "/jobs", "/state")
    assert "No jobs" in await on.anna.native(asked, "jobs") or "no job" in await on.anna.native(
        asked, "jobs"
    )
    assert not [r for r in on.model.asked if "/help" in r.asked]


@everywhere(but=("page",))
async def test_other_bots_are_not_heard(on: Stage) -> None:
    assert on.machine is not None
    asked = await on.anna.ask("anybody here", SHARED)
    await one(on.anna, asked, "heard anybody here")
    await on.machine("loop with me", SHARED)
    again = await on.anna.ask("and now", SHARED)
    await one(on.anna, again, "heard and now")
    assert not [r for r in on.model.asked if "loop with me" in r.asked]


@everywhere(but=("page",))
async def test_strangers_meet_silence_on_every_path(on: Stage) -> None:
    assert on.eve is not None
    asked = await on.anna.ask("/set gold mine", SHARED + 1)
    shown = await one(on.anna, asked, "gold", "mine")
    undo = on.anna.action(shown, "Undo")
    heard = await on.eve.ask("let me in", SHARED + 1)
    await on.eve.forge(heard, shown, undo)
    await on.anna.more(asked, "/state gold")
    await one(on.anna, asked, '"mine"', "commit")
    await settled(on.anna, asked)
    assert not on.eve.seen(heard)
    assert "let me in" not in texts(on.anna, asked)
    assert list(on.eve.heard_privately()) == []
    assert not [r for r in on.model.asked if "let me in" in str(r.messages)]
