"""What a change leaves when the turn that it ends goes on for a moment."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.endings import Endings
from core.messages import Deletion, Edit, Message, Post, ThreadRef
from core.primary.turn import TurnEnd
from core.records import inbox, jobs, messages, turns
from core.records.turns import TurnRow, TurnStep
from core.revising import Revised, revise
from core.state.database import Transaction
from core.state.rules import Rules
from tests.core.room import ADA, CHANNEL, Script, room, starts

THREAD = ThreadRef(channel=CHANNEL, thread="t")
SAID = Message(id="m1", thread=THREAD, author=ADA, text="one", at=1.0)
EDIT = Edit(id="e1", thread=THREAD, message_id="m1", author=ADA, text="two", at=2.0)
GONE = Deletion(id="d1", thread=THREAD, message_id="m1", at=2.0)
REPLY = TurnStep(number=0, kind="model", request="", response="{}")


def begun(tx: Transaction) -> TurnRow:
    inbox.accept(tx, SAID)
    messages.add_message(tx, SAID)
    return turns.begin(tx, "turn:m1", "message:m1", "t", 0, 1, 1.0)


def concluded(tx: Transaction, turn: TurnRow) -> bool:
    end = TurnEnd(turn=turn, text="about one", steps=())
    return Endings(rules=Rules(), clock=lambda: 3.0).of_turn(SAID, end, tx) is not None


async def test_what_comes_of_a_turn_that_begins_anew_is_not_taken_for_the_new_one(
    tmp_path: Path,
) -> None:
    def work(tx: Transaction) -> None:
        old = begun(tx)
        asked = revise(tx, EDIT, 3.0)
        assert asked == Revised(
            thread=THREAD, id="message:m1",
            message=Message(id="m1", thread=THREAD, author=ADA, text="two", at=1.0),
        )  # fmt: skip
        turns.add_step(tx, old.id, REPLY)
        assert not concluded(tx, old)
        new = turns.begin(tx, "turn:m1", "message:m1", "t", 0, 1, 1.0)
        assert new.steps == ()
        assert concluded(tx, new)

    async with room(tmp_path) as here:
        await here.channels.write(CHANNEL, work)


async def test_a_turn_that_has_a_reply_stays_and_its_end_counts(tmp_path: Path) -> None:
    def work(tx: Transaction) -> None:
        turn = begun(tx)
        turns.add_step(tx, turn.id, REPLY)
        assert revise(tx, EDIT, 3.0) is None
        assert inbox.find(tx, "message:m1") == SAID
        assert concluded(tx, turn)

    async with room(tmp_path) as here:
        await here.channels.write(CHANNEL, work)


async def test_an_edit_that_changes_no_word_leaves_the_turn_at_work(tmp_path: Path) -> None:
    def work(tx: Transaction) -> None:
        turn = begun(tx)
        assert revise(tx, replace(EDIT, text="one"), 3.0) is None
        assert concluded(tx, turn)

    async with room(tmp_path) as here:
        await here.channels.write(CHANNEL, work)


async def test_a_turn_that_does_not_know_yet_that_it_is_unwanted_does_nothing(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [starts("one")]
    script.hang = lambda request: len(script.asked) == 1
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "do one")
        async with asyncio.timeout(60):
            await script.hung.wait()
        # As the dispatcher does it, but nobody tells the turn.
        await here.channels.write(CHANNEL, partial(revise, change=GONE, now=3.0))
        script.go.set()
        answer: Post = await here.ask("m2", "next")
        assert answer.text == "echo: next"
        assert await here.channels.read(CHANNEL, jobs.ids) == ()
        assert len(script.asked) == 2
