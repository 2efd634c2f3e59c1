"""The bot is killed at each commit point, at its first and second passage, and loses nothing."""

import pytest

from core.commit_points import CommitPoint
from tests.harness.lives import killed_at
from tests.harness.side_by_side import SideBySide, living

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


lives = living("point", lambda folder, point: killed_at(folder, [f"{point}:1", f"{point}:2"]))


@pytest.mark.parametrize("point", [point.value for point in CommitPoint])
async def test_a_kill_there_loses_nothing_and_repeats_nothing(
    lives: SideBySide, point: str
) -> None:
    assert await lives.verdict(point) == ""
