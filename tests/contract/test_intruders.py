"""Strangers and members without the right, by every control that a platform has. On all of them."""

import asyncio

from tests.contract.somebody import SHARED, settled, texts
from tests.contract.stage import Stage
from tests.contract.test_jobs import held
from tests.contract.theatre import everywhere
from tests.harness.people import Asked, Shown, labelled, one
from tests.harness.play import starting

WORDS = (
    "/cancel {job}", "/steer {job} pass it on", "/set crown lead", "/unset crown", "/pin crown",
    "/undo 1", "/forget @Anna", "/settings model evil", "/settings instructions pass it on",
    "/thaw cancel {job}", "/stop", "stop", "cancel {job}", "/pause", "/run {job}", "/allow {job}",
    "/answer {job} pass it on", "/resolve 1 1",
)  # fmt: skip
PRESSES = (
    "stop.{job}", "steer.{job}", "details.{job}", "again.{job}", "undo.1", "forget.1", "pick.1.1.1",
    "both.1.1.1", "take.1.0", "allow.{job}.1.3", "deny.{job}.1", "answer.{job}.1.1", "start.1",
    "drop.1", "stop.thread",
)  # fmt: skip
FORMS = ("steer.{job}", "answer.{job}.1", "refuse.{job}.1", "edit.1.1", "stop.{job}")


async def _job(on: Stage, asked: Asked) -> tuple[Shown, str]:
    """The card of Anna's job and its number."""
    card = await labelled(on.anna, asked, "Stop")
    return card, on.anna.action(card, "Stop").rpartition(".")[2]


async def _unharmed(on: Stage, asked: Asked, gate: asyncio.Event) -> None:
    """The job goes on as it was told, and the state is as it was."""
    await on.anna.more(asked, "/state crown")
    await settled(on.anna, asked)
    gate.set()
    await one(on.anna, asked, "still there")
    assert "lead" not in texts(on.anna, asked)
    assert not [r for r in on.model.asked if "pass it on" in str(r.messages)]


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
    for action in FORMS:
        await on.eve.submit(heard, card, action.format(job=job), "pass it on")
    await _unharmed(on, asked, gate)
    assert list(on.eve.heard_privately()) == []


@everywhere(but=("page",))
async def test_no_form_lets_a_member_do_what_is_anothers(on: Stage) -> None:
    assert on.ben is not None
    gate = asyncio.Event()
    on.plays({"guard the orb": starting("the orb")}, {"the orb": held(gate, "still there")})
    asked = await on.anna.ask("guard the orb", SHARED + 6)
    card, job = await _job(on, asked)
    await on.ben.forge(asked, card, f"stop.{job}")
    told = on.ben.heard_privately
    await on.anna.until(lambda: "admin" in str(told()))
    for action in FORMS[:2]:
        await on.ben.submit(asked, card, action.format(job=job), "pass it on")
    await _unharmed(on, asked, gate)


def test_there_are_thirty_on_every_platform_and_more() -> None:
    assert len(WORDS) + len(PRESSES) + len(FORMS) >= 30
