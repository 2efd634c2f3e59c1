"""The whole bot is killed while jobs run on three platforms, and goes on where it was."""

import asyncio
from pathlib import Path

from tests.emulators.script import Reply
from tests.harness.people import Asked, Shown, Side, labelled, one
from tests.harness.play import Play, starting
from tests.harness.town import town


async def working(side: Side) -> tuple[Asked, Shown]:
    """A question whose job runs, and its card."""
    asked = await side.ask("take long", 0)
    card = await labelled(side, asked, "Stop")
    # Shown in order: whoever reads this knows that the bot knows where its card is.
    await side.more(asked, "/jobs")
    await one(side, asked, "running: the long one")
    return asked, card


async def went_on(side: Side, asked: Asked, card: Shown) -> None:
    """The same card shows the end, and the result is there once."""
    await one(side, asked, "it was long")
    after = await labelled(side, asked, "Details", without="Stop")
    assert after.id == card.id, side.name
    await side.more(asked, "/jobs")
    await one(side, asked, "completed: the long one")
    told = [shown for shown in side.shown(asked) if "it was long" in shown.text]
    assert len(told) == 1, side.name


async def test_after_a_kill_cards_go_on_and_each_result_comes_once(tmp_path: Path) -> None:
    gate = asyncio.Event()
    held = Reply(calls=[("finish", {"result": "it was long"})], gate=gate)
    play = Play({"take long": starting("the long one")}, {"the long one": [held]})
    async with town(tmp_path, play) as t:
        await t.start()
        before = await asyncio.gather(*map(working, t.sides))
        await t.bot.kill()
        await t.bot.nothing_left()
        gate.set()
        await t.start()
        await asyncio.gather(
            *(went_on(side, *known) for side, known in zip(t.sides, before, strict=True))
        )
