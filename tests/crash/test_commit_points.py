"""The bot is killed at each commit point, at its first and second passage, and loses nothing."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.commit_points import CommitPoint
from tests.harness.lives import killed_at
from tests.harness.side_by_side import SideBySide, selected, side_by_side

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lives(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SideBySide]:
    folder = tmp_path_factory.mktemp("bots")

    async def life(point: object) -> str:
        return await killed_at(folder, [f"{point}:1", f"{point}:2"])

    async with side_by_side(selected(request, "point"), life) as running:
        yield running


@pytest.mark.parametrize("point", [point.value for point in CommitPoint])
async def test_a_kill_there_loses_nothing_and_repeats_nothing(
    lives: SideBySide, point: str
) -> None:
    assert await lives.verdict(point) == ""
