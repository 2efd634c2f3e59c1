"""A whole life of the core in which one SQL statement fails: nothing is lost, nothing is doubled,
and it goes on by itself. `make chaos` lets every single statement fail."""

import os
from pathlib import Path

import pytest

from core.errors import StoreError
from core.state.channels import Channels
from tests.core.room import CHANNEL, Platform, room
from tests.core.test_crashes import CALLS, OWED, Brain, Quick, check, shown, told
from tests.faults.statements import Fault, Plan, struck

EVERY = 1 if "THAW_CHAOS" in os.environ else 61


async def life(data: Path, plan: Plan) -> None:
    """Say and do everything, the fault somewhere amid it; raise when something is lost."""
    platform, brain = Platform(), Brain()
    with struck(plan):
        while True:
            try:
                async with room(data, platform=platform, script=brain, hands=Quick()) as here:
                    await told(here)
                    await platform.until(lambda: shown(platform) == OWED)
                break
            except StoreError:
                assert plan.struck, "it failed without a reason"
    check(Channels(data).path(CHANNEL), platform, Platform())
    assert len(brain.asked) <= CALLS + 1, "a model was paid twice"


@pytest.mark.parametrize("fault", list(Fault))
async def test_one_statement_that_fails_loses_and_doubles_nothing(
    tmp_path: Path, fault: Fault
) -> None:
    number = 1
    while True:
        plan = Plan(number, fault)
        await life(tmp_path / str(number), plan)
        if not plan.struck:
            break
        number += EVERY
    assert number > 200
