"""The bot is killed at moments that a seed decides, several times in a row, and loses nothing."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.harness.lives import killed_at_random
from tests.harness.side_by_side import SideBySide, selected, side_by_side

SEEDS = range(1, 8)
KILLS = 4  # fewer than the attempts a job gets, so that every job must complete

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lives(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SideBySide]:
    folder = tmp_path_factory.mktemp("bots")

    async def life(seed: object) -> str:
        assert isinstance(seed, int)
        return await killed_at_random(folder, seed, KILLS)

    async with side_by_side(selected(request, "seed"), life) as running:
        yield running


@pytest.mark.parametrize("seed", SEEDS)
async def test_kills_at_random_lose_nothing_and_repeat_nothing(
    lives: SideBySide, seed: int
) -> None:
    assert await lives.verdict(seed) == ""
