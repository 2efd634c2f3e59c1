"""Strangers and members without the right, by every control that a platform has. On all of them."""

import asyncio

from tests.contract.somebody import SHARED, settled, texts
from tests.contract.stage import Stage
from tests.contract.test_jobs import held
from tests.contract.theatre import everywhere
from tests.harness.people import Asked, Shown, labelled, one
from tests.harness.play import starting

WORDS = (
    "/cancel {job}", "/steer {job} pass it on", "/set crown lead", "/undo 1", "/forget @Anna",
    "/settings model evil", "/thaw cancel {job}",
)  # fmt: skip
PRESSES = (
    "stop.{job}", "steer.{job}", "details.{job}", "again.{job}", "undo.1", "forget.1", "pick.1.1.1",
)  # fmt: skip


async def _job(on: Stage, asked: Asked) -> tuple[Shown, str]:
    """The card of Anna's job and its number."""
    card = await labelled(on.anna, asked, "Stop")
    return card, on.anna.action(card, "Stop").rpartition(".")[2]


@everywhere(but=("page",))
async def test_no_control_is_a_strangers(on: Stage) -> None:
    assert on.eve is not None
    gate = asyncio.Event()
    on.plays({"guard the crown": starting("the crown")}, {"the crown": held(gate, "still there")})
    asked = await on.anna.ask("guard the crown", SHARED + 5)
    card, job = await _job(on, asked)
    heard = await on.eve.ask("let me in", SHARED + 5)
    for word in WORDS:
        await on.eve.ask(word.format(job=job), SHARED + 5)
    for action in PRESSES:
        await on.eve.forge(heard, card, action.format(job=job))
    await on.anna.more(asked, "/state crown")
    await settled(on.anna, asked)
    gate.set()
    await one(on.anna, asked, "still there")
    assert list(on.eve.heard_privately()) == []
    assert "lead" not in texts(on.anna, asked)
    assert not [r for r in on.model.asked if "pass it on" in str(r.messages)]
