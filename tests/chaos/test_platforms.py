"""Hundreds of kills of a bot on three platforms, for `make chaos`: at each commit point and twice
more while it recovers, and at random."""

import os

import pytest

from core.commit_points import CommitPoint
from tests.harness.side_by_side import SideBySide, living
from tests.harness.town_lives import killed_at, killed_at_random

SEEDS = range(2000, 2000 + int(os.environ.get("THAW_CHAOS_SEEDS", "75")) // 3)
KILLS = 4
# Nobody gives a command in these lives.
POINTS = [point.value for point in CommitPoint if point is not CommitPoint.COMMAND_COMMITTED]

pytestmark = [
    pytest.mark.skipif("THAW_CHAOS" not in os.environ, reason="takes minutes: run `make chaos`"),
    pytest.mark.needs_system("bubblewrap"),
    pytest.mark.asyncio(loop_scope="module"),
]


at_points = living("point", lambda folder, point: killed_at(folder, [f"{point}:1", f"{point}:2"]))
at_random = living("seed", lambda folder, seed: killed_at_random(folder, seed, KILLS))


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_there_and_twice_in_the_recovery_is_seen_by_nobody(
    at_points: SideBySide, point: str
) -> None:
    assert await at_points.verdict(point) == ""


@pytest.mark.parametrize("seed", SEEDS)
async def test_kills_at_random_are_seen_by_nobody(at_random: SideBySide, seed: int) -> None:
    assert await at_random.verdict(seed) == ""
