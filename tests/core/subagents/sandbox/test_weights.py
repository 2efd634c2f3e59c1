import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import launch
from core.subagents.sandbox.bubblewrap import Bubblewrap
from core.subagents.sandbox.choose import bubblewrap_here
from core.subagents.sandbox.local import LocalSandbox
from core.subagents.sandbox.weights import FIRST, ORDINARY, RUNNING, Weights
from tests.core.subagents.host import ended, spec


def weight(folder: Path) -> int:
    return int((folder / "cpu.shares").read_text())


@pytest.fixture
def groups(tmp_path: Path) -> tuple[Path, Path]:
    """Two groups of a place."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path / "a", tmp_path / "b"


def test_jobs_weigh_more_while_any_of_them_starts(groups: tuple[Path, Path]) -> None:
    (a, b), place = groups, groups[0].parent
    weights = Weights(place)
    assert weight(place) == RUNNING
    weights.starts(a)
    weights.starts(b)
    assert (weight(place), weight(a), weight(b)) == (ORDINARY, FIRST, FIRST)
    weights.has_started(a)
    assert (weight(place), weight(a), weight(b)) == (ORDINARY, ORDINARY, FIRST)
    weights.has_started(b)
    assert (weight(place), weight(a), weight(b)) == (RUNNING, ORDINARY, ORDINARY)


def test_an_end_is_heard_of_once(groups: tuple[Path, Path]) -> None:
    (a, b), place = groups, groups[0].parent
    weights = Weights(place)
    for group in (a, b):
        weights.starts(group)
    for _ in range(3):
        weights.has_started(a)
    assert weight(place) == ORDINARY
    weights.has_started(place / "c")
    assert weight(place) == ORDINARY


def test_a_group_that_is_gone_is_no_harm(groups: tuple[Path, Path]) -> None:
    (a, b), place = groups, groups[0].parent
    weights = Weights(place)
    weights.starts(a)
    shutil.rmtree(a)
    weights.has_started(a)
    weights.starts(a)
    weights.starts(b)
    weights.has_started(b)
    weights.has_started(a)
    assert weight(place) == RUNNING


class Heard(Weights):
    """Tells when a start is over."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.loop = asyncio.get_running_loop()
        self.seen: list[tuple[int, int]] = []
        self.over = asyncio.Event()

    def starts(self, group: Path) -> None:
        """See Weights."""
        super().starts(group)
        self.seen.append((weight(group.parent), weight(group)))

    def has_started(self, group: Path) -> None:
        """See Weights."""
        super().has_started(group)
        if not self.over.is_set():
            self.seen.append((weight(group.parent), weight(group)))
        self.loop.call_soon_threadsafe(self.over.set)


@pytest.fixture
async def here(tmp_path: Path) -> tuple[Bubblewrap, Heard]:
    way, _ = bubblewrap_here("/usr/bin/bwrap", tmp_path / "run", launch.bundle(tmp_path / "run"))
    if way.groups is None or way.groups.weights is None:
        pytest.skip("needs a place to make control groups of the first version, for the processor")
    heard = Heard(way.groups.places["cpu"])
    return replace(way, groups=replace(way.groups, weights=heard)), heard


def sandbox(way: Bubblewrap, *, ahead: bool = False) -> LocalSandbox:
    spawn = replace(way, ahead=ahead).spawn
    return LocalSandbox(name="test", isolates=True, commands_off="", spawn=spawn, ahead=spawn)


@pytest.mark.needs_system("bubblewrap")
async def test_a_sandbox_weighs_more_until_its_first_word(
    here: tuple[Bubblewrap, Heard], workspace: Path
) -> None:
    way, heard = here
    process = await sandbox(way).start(spec(workspace))
    async with asyncio.timeout(30):
        await heard.over.wait()
    assert heard.seen == [(ORDINARY, FIRST), (RUNNING, ORDINARY)]
    await ended(process)


@pytest.mark.needs_system("bubblewrap")
async def test_one_that_fails_to_start_leaves_no_weight_behind(
    here: tuple[Bubblewrap, Heard], workspace: Path
) -> None:
    way, heard = here
    with pytest.raises(SandboxUnavailable):
        await sandbox(replace(way, python=Path("/no/python"))).start(spec(workspace))
    assert heard.seen == [(ORDINARY, FIRST), (RUNNING, ORDINARY)]


@pytest.mark.needs_system("bubblewrap")
async def test_nobody_waits_for_one_that_is_started_ahead(
    here: tuple[Bubblewrap, Heard], workspace: Path
) -> None:
    way, heard = here
    process = await sandbox(way, ahead=True).start_ahead(spec(workspace))
    async with asyncio.timeout(30):
        await heard.over.wait()
    assert heard.seen == [(RUNNING, ORDINARY)]
    await ended(process)
