"""Engines for tests: in bubblewrap, in ordinary processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.core.subagents.engine.bench import Bench, bench


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Bench]:
    """Jobs as ordinary processes: for tests of what the host does."""
    async with bench(tmp_path, "process") as made:
        yield made


@pytest.fixture
async def boxed(tmp_path: Path) -> AsyncIterator[Bench]:
    """Jobs in bubblewrap."""
    async with bench(tmp_path, "bubblewrap") as made:
        yield made
