import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config import ModelSettings
from bot.health import Health
from bot.readiness import Readiness
from bot.watched_model import ModelFigures
from core.state.control import Control
from tests.bot.stored import left


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    opened = await Control.open(tmp_path / "data")
    yield opened
    await opened.close()


def asking(
    control: Control,
    root: Path,
    *,
    platforms: tuple[Health, ...] = (),
    url: str = "",
    least_free: int = 2**20,
) -> tuple[Readiness, ModelFigures]:
    figures = ModelFigures()
    settings = ModelSettings(base_url=url) if url else ModelSettings(api_key_env="THAW_NO_KEY")
    made = Readiness(
        root=root / "data", control=control, platforms=lambda: platforms, settings=settings,
        model=figures, least_free=least_free,
    )  # fmt: skip
    return made, figures


async def test_ready_with_all_in_order_and_nothing_left_behind(
    control: Control, tmp_path: Path
) -> None:
    readiness, _ = asking(control, tmp_path, platforms=(Health(name="slack", connected=True),))
    assert await readiness.problems() == ()
    assert not left(tmp_path / "data", "probe*")


async def test_a_platform_that_is_not_connected_is_named(control: Control, tmp_path: Path) -> None:
    down = Health(name="discord", problem="the token was refused")
    readiness, _ = asking(control, tmp_path, platforms=(down,))
    assert await readiness.problems() == ("discord: the token was refused",)


async def test_a_data_directory_that_cannot_be_written_is_told(
    control: Control, tmp_path: Path
) -> None:
    readiness, _ = asking(control, tmp_path)
    shutil.rmtree(tmp_path / "data")
    (found,) = await readiness.problems()
    assert found.startswith("store: the data directory cannot be written")


async def test_a_disk_with_no_room_for_what_people_say_is_told(
    control: Control, tmp_path: Path
) -> None:
    readiness, _ = asking(control, tmp_path, least_free=2**62)
    (found,) = await readiness.problems()
    assert re.fullmatch(r"store: the disk of the data directory is full: \d+ KB are free", found)


async def test_a_model_server_that_is_not_there_is_told_unless_it_has_just_answered(
    control: Control, tmp_path: Path
) -> None:
    readiness, figures = asking(control, tmp_path, url="http://127.0.0.1:9/v1")
    (found,) = await readiness.problems()
    assert found.startswith("model: ")
    figures.reached = 10**12
    assert await readiness.problems() == ()
    figures.unreachable = "it is gone"
    assert len(await readiness.problems()) == 1
