"""The bot is killed while it serves Slack, Discord and Telegram at once, also while it recovers:
what people there see is what they asked for, once. Hundreds of such rounds are in tests/chaos,
and those at random moments, which depend on how fast the machine is."""

import pytest

from tests.harness.side_by_side import SideBySide, living
from tests.harness.town_lives import killed_at

# The points of its kills, each followed by two more in the recovery.
LIVES = ["outbox.sent:4 step.begun:3"]

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


lives = living("kills", lambda folder, kills: killed_at(folder, kills.split()))


@pytest.mark.parametrize("kills", LIVES)
async def test_people_see_nothing_of_kills(lives: SideBySide, kills: object) -> None:
    assert await lives.verdict(kills) == ""
