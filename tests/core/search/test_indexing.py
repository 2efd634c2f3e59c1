import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from core.errors import DiskFull
from core.messages import ChannelRef
from core.search.indexing import Indexing
from core.search.memory import advance, waiting
from core.state.channels import Channels
from core.state.database import Transaction
from core.tasks import Tasks
from tests.core.search.deltas import change
from tests.core.state.board import put

T = TypeVar("T")
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")


class Counted(Channels):
    """Channels that count the steps of indexing, and those that left more to do; can fail them, and
    can hold them up."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.steps = 0
        self.full = 0
        self.trouble: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()

    async def write(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        if function == advance:
            self.steps += 1
            await self.go.wait()
            if self.trouble is not None:
                raise self.trouble
        done = await super().write(ref, function)
        self.full += function == advance and done is True
        return done


@pytest.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Counted]:
    channels = Counted(tmp_path)
    yield channels
    await channels.close()


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    tasks = Tasks()
    yield tasks
    await tasks.close()


def many(first: int, count: int) -> Callable[[Transaction], None]:
    return change(f"s{first}", *(put(f"k{n}", f"value {n}") for n in range(first, first + count)))


async def left(channels: Channels) -> int:
    return await channels.read(GENERAL, partial(waiting, upto=None))


async def test_a_commit_is_indexed_by_its_event(channels: Counted, tasks: Tasks) -> None:
    indexing = Indexing(channels, tasks.spawn)
    await channels.write(GENERAL, many(0, 10))
    indexing.moved(GENERAL)
    assert await indexing.caught_up(GENERAL, None) == ()
    assert await left(channels) == 0


async def test_what_was_committed_before_a_kill_is_indexed_by_the_first_search(
    channels: Counted, tasks: Tasks
) -> None:
    await channels.write(GENERAL, many(0, 700))
    await channels.write(GENERAL, advance)
    assert await left(channels) > 0
    assert await Indexing(channels, tasks.spawn).caught_up(GENERAL, None) == ()
    assert await left(channels) == 0


async def test_a_hundred_searches_share_one_pass(channels: Counted, tasks: Tasks) -> None:
    indexing = Indexing(channels, tasks.spawn)
    await channels.write(GENERAL, many(0, 1000))
    await asyncio.gather(*(indexing.caught_up(GENERAL, None) for _ in range(100)))
    shared = channels.full
    assert await left(channels) == 0
    await channels.write(GENERAL, many(1000, 1000))
    await indexing.caught_up(GENERAL, None)
    # Who asks while the last step ends costs one more, which finds nothing to do.
    assert shared == channels.full - shared == 3
    before = channels.steps
    await asyncio.gather(*(indexing.caught_up(GENERAL, None) for _ in range(100)))
    assert channels.steps == before


async def test_a_snapshot_does_not_wait_for_what_came_after_it(
    channels: Counted, tasks: Tasks
) -> None:
    indexing = Indexing(channels, tasks.spawn)
    await channels.write(GENERAL, many(0, 1))
    await indexing.caught_up(GENERAL, None)
    await channels.write(GENERAL, many(1, 1))
    before = channels.steps
    assert await indexing.caught_up(GENERAL, 1) == ()
    assert channels.steps == before


async def test_a_commit_during_the_last_step_is_indexed_too(
    channels: Counted, tasks: Tasks
) -> None:
    indexing = Indexing(channels, tasks.spawn)
    channels.go.clear()
    indexing.moved(GENERAL)
    await asyncio.sleep(0)
    await channels.write(GENERAL, many(0, 1))
    indexing.moved(GENERAL)
    channels.go.set()
    await indexing.caught_up(GENERAL, None)
    assert await left(channels) == 0


async def test_a_search_does_not_wait_for_ever(channels: Counted, tasks: Tasks) -> None:
    indexing = Indexing(channels, tasks.spawn, patience_s=0.01)
    await channels.write(GENERAL, many(0, 3))
    channels.go.clear()
    (note,) = await indexing.caught_up(GENERAL, None)
    assert note == "state and files: 3 changes are still being indexed"
    channels.go.set()


async def test_what_cannot_be_indexed_is_told_and_tried_again(
    channels: Counted, tasks: Tasks
) -> None:
    indexing = Indexing(channels, tasks.spawn)
    await channels.write(GENERAL, many(0, 3))
    channels.trouble = DiskFull("no room on the disk")
    (note,) = await indexing.caught_up(GENERAL, None)
    assert note == "state and files: changes cannot be indexed: no room on the disk"
    channels.trouble = None
    assert await indexing.caught_up(GENERAL, None) == ()
    assert await left(channels) == 0
