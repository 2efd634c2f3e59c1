"""The whole bot is killed while jobs run on three platforms, and goes on where it was."""

import asyncio
from pathlib import Path

from tests.emulators.script import Reply
from tests.harness.people import labelled, one
from tests.harness.play import Play, starting
from tests.harness.town import town


async def test_after_a_kill_cards_go_on_and_each_result_comes_once(tmp_path: Path) -> None:
    gate = asyncio.Event()
    held = Reply(calls=[("finish", {"result": "it was long"})], gate=gate)
    play = Play({"take long": starting("the long one")}, {"the long one": [held]})
    async with town(tmp_path, play) as t:
        await t.start()
        asked = [(side, await side.ask("take long", 0)) for side in t.sides]
        cards = [await labelled(side, question, "Stop") for side, question in asked]
        for side, question in asked:
            # Shown in order: whoever reads this knows that the bot knows where its card is.
            await side.more(question, "/jobs")
            await one(side, question, "running: the long one")
        await t.bot.kill()
        await t.bot.nothing_left()
        gate.set()
        await t.start()
        for (side, question), card in zip(asked, cards, strict=True):
            await one(side, question, "it was long")
            after = await labelled(side, question, "Details", without="Stop")
            assert after.id == card.id, side.name
            told = [shown for shown in side.shown(question) if "it was long" in shown.text]
            assert len(told) == 1, side.name
            await side.more(question, "/jobs")
            await one(side, question, "completed: the long one")
