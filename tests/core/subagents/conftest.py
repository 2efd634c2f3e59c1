"""Sandboxes for tests of subagents."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.subagents.sandbox import Sandbox, choose
from tests.core.subagents.host import Host, hosted, spec


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
async def bubblewrap(tmp_path: Path) -> Sandbox:
    """The sandbox that isolates."""
    choice = await choose("bubblewrap", tmp_path / "run")
    assert choice.sandbox is not None, choice.finding
    return choice.sandbox


@pytest.fixture
async def plain(tmp_path: Path) -> Sandbox:
    """The sandbox that does not: for tests of what runs inside."""
    choice = await choose("process", tmp_path / "run")
    assert choice.sandbox is not None
    return choice.sandbox


@pytest.fixture
async def host(plain: Sandbox, workspace: Path) -> AsyncIterator[Host]:
    """A host of a runtime that waits for the model, in an ordinary process."""
    async with hosted(plain, spec(workspace)) as host:
        yield host
