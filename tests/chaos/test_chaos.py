"""Hundreds of kills, for `make chaos`; every seed is a test that can be run again by its name."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.harness.lives import killed_at_random
from tests.harness.side_by_side import SideBySide, selected, side_by_side

SEEDS = range(1000, 1000 + int(os.environ.get("THAW_CHAOS_SEEDS", "75")))
KILLS = 4

pytestmark = [
    pytest.mark.skipif("THAW_CHAOS" not in os.environ, reason="takes minutes: run `make chaos`"),
    pytest.mark.needs_system("bubblewrap"),
    pytest.mark.asyncio(loop_scope="module"),
]


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
async def test_chaos_loses_nothing_and_repeats_nothing(lives: SideBySide, seed: int) -> None:
    assert await lives.verdict(seed) == ""
