"""Hundreds of kills, for `make chaos`; every seed is a test that can be run again by its name."""

import os

import pytest

from tests.harness.lives import killed_at_random
from tests.harness.side_by_side import SideBySide, living

SEEDS = range(1000, 1000 + int(os.environ.get("THAW_CHAOS_SEEDS", "75")))
KILLS = 4

pytestmark = [
    pytest.mark.skipif("THAW_CHAOS" not in os.environ, reason="takes minutes: run `make chaos`"),
    pytest.mark.needs_system("bubblewrap"),
    pytest.mark.asyncio(loop_scope="module"),
]


lives = living("seed", lambda folder, seed: killed_at_random(folder, seed, KILLS))


@pytest.mark.parametrize("seed", SEEDS)
async def test_chaos_loses_nothing_and_repeats_nothing(lives: SideBySide, seed: int) -> None:
    assert await lives.verdict(seed) == ""
