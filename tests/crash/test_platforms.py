"""The bot is killed while it serves Slack, Discord and Telegram at once, also while it recovers:
what people there see is what they asked for, once. Hundreds of such rounds are in tests/chaos,
and those at random moments, which depend on how fast the machine is."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.harness.side_by_side import SideBySide, selected, side_by_side
from tests.harness.town_lives import killed_at

# The points of its kills, each followed by two more in the recovery.
LIVES = ["outbox.sent:4 step.begun:3"]

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lives(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SideBySide]:
    folder = tmp_path_factory.mktemp("bots")

    async def life(kills: object) -> str:
        return await killed_at(folder, str(kills).split())

    async with side_by_side(selected(request, "kills"), life) as running:
        yield running


@pytest.mark.parametrize("kills", LIVES)
async def test_people_see_nothing_of_kills(lives: SideBySide, kills: object) -> None:
    assert await lives.verdict(kills) == ""
