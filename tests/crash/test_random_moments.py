"""The bot is killed at moments that a seed decides, several times in a row, and loses nothing."""

import pytest

from tests.harness.lives import killed_at_random
from tests.harness.side_by_side import SideBySide, living

SEEDS = range(1, 8)
KILLS = 4  # fewer than the attempts a job gets, so that every job must complete

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


lives = living("seed", lambda folder, seed: killed_at_random(folder, seed, KILLS))


@pytest.mark.parametrize("seed", SEEDS)
async def test_kills_at_random_lose_nothing_and_repeat_nothing(
    lives: SideBySide, seed: int
) -> None:
    assert await lives.verdict(seed) == ""
