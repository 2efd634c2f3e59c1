"""Jobs: one live card, Stop, Steer, Details; the result as a new message with what it brings."""

import asyncio

import pytest

from tests.contract.somebody import SHARED, settled, texts
from tests.contract.stage import Stage
from tests.contract.theatre import everywhere
from tests.emulators.script import Reply
from tests.harness.people import labelled, one
from tests.harness.play import Part, change, finish, shell, starting, write

pytestmark = pytest.mark.needs_system("bubblewrap")


def held(gate: asyncio.Event, result: str) -> Part:
    """A job that reads what is told it after its first step, and ends when the gate opens."""
    return [shell("true"), Reply(calls=[("finish", {"result": result})], gate=gate)]


@everywhere()
async def test_a_job_is_one_card_and_its_result_a_message_of_its_own(on: Stage) -> None:
    gate = asyncio.Event()
    on.plays({"report": starting("the report")}, {"the report": held(gate, "All is well.")})
    asked = await on.anna.ask("report", 8)
    card = await labelled(on.anna, asked, "Stop")
    assert {"Stop", "Steer", "Details"} <= set(card.buttons)
    await on.anna.more(asked, "still here?")
    await one(on.anna, asked, "heard still here?")
    gate.set()
    result = await one(on.anna, asked, "All is well.")
    ended = await labelled(on.anna, asked, "Details", without="Stop")
    assert (ended.id, "the report" in ended.text) == (card.id, True)
    assert result.id != card.id
    await settled(on.anna, asked)
    cards = [s for s in on.anna.shown(asked) if "Details" in s.buttons]
    assert [card.id for card in cards] == [ended.id]


@everywhere()
async def test_stop_ends_the_job_and_steer_reaches_it(on: Stage) -> None:
    gate = asyncio.Event()
    part = [Reply(calls=[("shell", {"command": "true"})], gate=gate), finish("steered home")]
    on.plays({"go south": starting("drive")}, {"drive": part})
    asked = await on.anna.ask("go south", 9)
    card = await labelled(on.anna, asked, "Steer")
    await on.anna.fill(card, "Steer", "turn <north> now")
    await one(on.anna, asked, "Steered job")
    gate.set()
    await one(on.anna, asked, "steered home")
    told = [
        r for r in on.model.asked if "finish" in r.tools and "turn <north> now" in str(r.messages)
    ]
    assert told
    never = asyncio.Event()
    on.plays({"for ever": starting("count")}, {"count": held(never, "never")})
    await on.anna.more(asked, "for ever")
    again = await labelled(on.anna, asked, "Stop", but=card)
    await on.anna.press(again, "Stop")
    await on.anna.until(lambda: not [s for s in on.anna.shown(asked) if "Stop" in s.buttons])
    await settled(on.anna, asked)
    assert "never" not in texts(on.anna, asked)


@everywhere(but=("slack", "slack-http"))
async def test_a_reply_to_the_card_steers_its_job(on: Stage) -> None:
    gate = asyncio.Event()
    part = [Reply(calls=[("shell", {"command": "true"})], gate=gate), finish("sailed home")]
    on.plays({"sail south": starting("sail")}, {"sail": part})
    asked = await on.anna.ask("sail south", 10)
    card = await labelled(on.anna, asked, "Steer")
    # What is said in a thread comes in order: after this the bot knows where its card is.
    await settled(on.anna, asked)
    await on.anna.reply(card, "mind the rocks")
    await one(on.anna, asked, "Steered job")
    gate.set()
    await one(on.anna, asked, "sailed home")
    last = [r for r in on.model.asked if "finish" in r.tools and "sail" in str(r.messages)][-1]
    assert "mind the rocks" in str(last.messages)


@everywhere()
async def test_details_shows_the_steps_of_a_job(on: Stage) -> None:
    part = [shell("echo deep thought"), finish("it is 42")]
    on.plays({"think": starting("think hard")}, {"think hard": part})
    asked = await on.anna.ask("think", 11)
    await one(on.anna, asked, "it is 42")
    card = await labelled(on.anna, asked, "Details", without="Stop")
    shown = await on.anna.details(card)
    assert "think hard" in shown
    assert "echo deep thought" in shown


@everywhere()
async def test_a_result_brings_its_receipt_and_its_files_and_undo_takes_it_back(on: Stage) -> None:
    part = [
        write("out/report.md", "# Report\n"), change("visits", "add", 3),
        finish("Counted.", "out/report.md"),
    ]  # fmt: skip
    on.plays({"tally": starting("adding up")}, {"adding up": part})
    asked = await on.anna.ask("tally", 12)
    result = await one(on.anna, asked, "Counted.")
    await on.anna.until(lambda: on.anna.files(asked))
    names = {name.rsplit("/", 1)[-1] for name in on.anna.files(asked)}
    assert names == {"report.md"}
    shown = await one(on.anna, asked, "visits")
    undo = result if "Undo" in result.buttons else shown
    await on.anna.press(undo, "Undo")
    await one(on.anna, asked, "Undid")
    await on.anna.more(asked, "/state visits")
    await settled(on.anna, asked)
    assert "visits = 3" not in texts(on.anna, asked)


@everywhere()
async def test_a_question_of_a_conflict_is_answered_once_and_a_late_press_does_nothing(
    on: Stage,
) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    parts = {
        f"paint {colour}": [
            change("colour", "put", colour),
            Reply(calls=[("finish", {"result": f"{colour} it is"})], gate=gate),
        ]
        for colour, gate in zip(("red", "blue"), gates, strict=True)
    }
    on.plays({"paint it": starting("paint red", "paint blue")}, parts)
    asked = await on.anna.ask("paint it", 13)
    # Both have put their colours before either ends: both began from the same state.
    await on.anna.until(lambda: _waiting(on, "paint red") and _waiting(on, "paint blue"))
    gates[0].set()
    await one(on.anna, asked, "red it is")
    gates[1].set()
    question = await one(on.anna, asked, "colour", "red", "blue", "?")
    label = next(label for label in question.buttons if "blue" in label)
    action = on.anna.action(question, label)
    await on.anna.press(question, label)
    await on.anna.more(asked, "/state colour")
    await one(on.anna, asked, '"blue"', "commit")
    await on.anna.more(asked, "/set colour green")
    await one(on.anna, asked, "green")
    await on.anna.forge(asked, question, action)
    await on.anna.more(asked, "/state colour")
    await one(on.anna, asked, '"green"', "commit")
    await settled(on.anna, asked)


def _waiting(on: Stage, brief: str) -> bool:
    calls = [r for r in on.model.asked if "finish" in r.tools and brief in str(r.messages)]
    return len(calls) > 1


@everywhere()
async def test_a_result_that_was_built_on_what_has_changed_says_so(on: Stage) -> None:
    gate = asyncio.Event()
    read = Reply(calls=[("read_state", {"key": "target"})])
    on.plays({"judge": starting("judge it")}, {"judge it": [read, *held(gate, "judged")[1:]]})
    asked = await on.anna.ask("/set target staging", 14)
    await one(on.anna, asked, "staging")
    await on.anna.more(asked, "judge")
    await on.anna.until(lambda: _waiting(on, "judge it"))
    await on.anna.more(asked, "/set target prod")
    await one(on.anna, asked, "prod")
    gate.set()
    notice = await one(on.anna, asked, "based on", "staging", "prod")
    assert any("again" in label for label in notice.buttons)


@everywhere()
async def test_the_result_mentions_who_asked_and_only_them(on: Stage) -> None:
    ben = on.ben.me if on.ben else "bo"
    loud = f"@everyone @here <!channel> <!here> <@U0BEN> <@{ben}> <!subteam^S1> @benjamin @channel"
    on.plays({"shout": starting("shouting")}, {"shouting": [finish(f"Hear me: {loud}")]})
    asked = await on.anna.ask("shout", SHARED + 2)
    await one(on.anna, asked, "Hear me:")
    await settled(on.anna, asked)
    assert set(on.anna.notified(asked)) == {on.anna.me}
    await on.anna.more(asked, f"echo {loud}")
    await one(on.anna, asked, "heard echo")
    assert set(on.anna.notified(asked)) == {on.anna.me}


@everywhere(but=("page",))
async def test_who_is_no_admin_cannot_stop_anothers_job(on: Stage) -> None:
    assert on.ben is not None
    gate = asyncio.Event()
    on.plays({"mine": starting("my own")}, {"my own": held(gate, "mine is done")})
    asked = await on.anna.ask("mine", SHARED + 3)
    card = await labelled(on.anna, asked, "Stop")
    await on.ben.press(card, "Stop")
    told = on.ben.heard_privately
    await on.anna.until(lambda: "admin" in str(told()))
    assert "admin" not in texts(on.anna, asked)
    gate.set()
    await one(on.anna, asked, "mine is done")
