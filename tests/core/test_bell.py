import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.bell import FOLDER, Bell, ring
from core.messages import ChannelRef
from core.tasks import Tasks

GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
OTHER = ChannelRef(platform="slack", workspace="T 1", channel="#ö/..")


class Ears:
    """Remembers what was heard."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[ChannelRef | None] = asyncio.Queue()

    async def hear(self, channel: ChannelRef | None) -> None:
        self.heard.put_nowait(channel)

    async def next(self) -> ChannelRef | None:
        async with asyncio.timeout(60):
            return await self.heard.get()


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    tasks = Tasks()
    yield tasks
    await tasks.close()


async def test_a_ring_is_heard_with_its_channel_and_leaves_nothing(
    tmp_path: Path, tasks: Tasks
) -> None:
    ears = Ears()
    bell = Bell(tmp_path, ears.hear, tasks.spawn)
    await bell.start()
    for channel in (GENERAL, OTHER, None, GENERAL):
        await asyncio.to_thread(ring, tmp_path, channel)
        assert await ears.next() == channel
    assert list((tmp_path / FOLDER).iterdir()) == []
    bell.stop()


async def test_what_was_rung_before_the_start_is_heard_once(tmp_path: Path, tasks: Tasks) -> None:
    for _ in range(5):
        ring(tmp_path, GENERAL)
    ears = Ears()
    bell = Bell(tmp_path, ears.hear, tasks.spawn)
    await bell.start()
    assert await ears.next() == GENERAL
    ring(tmp_path, OTHER)
    assert await ears.next() == OTHER
    assert ears.heard.empty()
    bell.stop()


async def test_what_is_no_ring_is_thrown_away_and_the_next_is_heard(
    tmp_path: Path, tasks: Tasks
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    for number, content in enumerate((b"", b"[1]", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000)):
        (folder / f"{number}").write_bytes(content)
    (folder / "folder").mkdir()
    (folder / "half.part").write_text("[")
    ears = Ears()
    bell = Bell(tmp_path, ears.hear, tasks.spawn)
    await bell.start()
    ring(tmp_path, GENERAL)
    assert await ears.next() == GENERAL
    assert {path.name for path in folder.iterdir()} == {"folder", "half.part"}
    bell.stop()


async def test_a_folder_that_cannot_be_made_keeps_no_bot_from_starting(
    tmp_path: Path, tasks: Tasks
) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    bell = Bell(tmp_path, Ears().hear, tasks.spawn)
    await bell.start()
    bell.stop()
    with pytest.raises(OSError, match="exists"):
        ring(tmp_path, GENERAL)


async def test_a_bell_that_was_stopped_hears_nothing(tmp_path: Path, tasks: Tasks) -> None:
    ears = Ears()
    bell = Bell(tmp_path, ears.hear, tasks.spawn)
    await bell.start()
    bell.stop()
    ring(tmp_path, GENERAL)
    other = Ears()
    again = Bell(tmp_path, other.hear, tasks.spawn)
    await again.start()
    assert await other.next() == GENERAL
    assert ears.heard.empty()
    again.stop()
