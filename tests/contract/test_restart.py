"""The bot is killed and started again: cards, buttons and questions go on where they were."""

import asyncio
from pathlib import Path

import pytest

from tests.contract.somebody import settled, texts
from tests.contract.stage import VARIANTS, Stage, stage
from tests.emulators.script import Reply
from tests.harness.people import labelled, one
from tests.harness.play import starting

pytestmark = pytest.mark.needs_system("bubblewrap")


async def lived_on(on: Stage) -> None:
    """A job with its card and a change with its button, over a kill."""
    gate = asyncio.Event()
    held = Reply(calls=[("finish", {"result": "it was long"})], gate=gate)
    on.plays({"take long": starting("the long one")}, {"the long one": [held]})
    changed = await on.anna.ask("/set lamp red", 0)
    receipt = await one(on.anna, changed, "lamp", "red")
    undo = on.anna.action(receipt, "Undo")
    asked = await on.anna.ask("take long", 1)
    card = await labelled(on.anna, asked, "Stop")
    stop = on.anna.action(card, "Stop")
    await settled(on.anna, asked)
    await on.bot.kill()
    await on.bot.nothing_left()
    gate.set()
    await on.start()
    await one(on.anna, asked, "it was long")
    ended = await labelled(on.anna, asked, "Details", without="Stop")
    assert ended.id == card.id
    assert "the long one" in await on.anna.details(ended)
    await on.anna.forge(asked, card, stop)
    await on.anna.forge(changed, receipt, undo)
    await one(on.anna, changed, "Undid")
    await on.anna.again(asked)
    await on.anna.more(asked, "and now")
    await one(on.anna, asked, "heard and now")
    await settled(on.anna, asked)
    assert texts(on.anna, asked).count("it was long") == 1
    assert texts(on.anna, asked).count("heard and now") == 1
    assert texts(on.anna, changed).count("Undid") == 1


@pytest.mark.parametrize("variants", [VARIANTS[:3], VARIANTS[3:]], ids=" ".join)
async def test_after_a_kill_all_goes_on_and_nothing_is_doubled(
    tmp_path: Path, variants: tuple[str, ...]
) -> None:
    async def life(variant: str) -> None:
        async with stage(variant, tmp_path) as on:
            await lived_on(on)

    async with asyncio.TaskGroup() as group:
        for variant in variants:
            group.create_task(life(variant), name=variant)
