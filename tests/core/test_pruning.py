"""A channel's past is removed while others write, and its file gets smaller."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Never, TypeVar

import pytest
import pytest_asyncio

from core.jobs.job import Cancelled, JobState
from core.messages import ChannelRef, ThreadRef
from core.model.amounts import NO_LIMIT
from core.places import ChannelPlaces
from core.pruning import keep_pruned, prune_channel, prune_where_old
from core.records import jobs, turns
from core.records.jobs import NewJob
from core.state import prune
from core.state.apply import merge
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.state.entries import read_entry
from core.state.facts import head
from core.state.files import read_file
from core.state.kept import floor
from core.state.operations import Delta, FileChange, Op, Operation
from core.state.rules import Rules
from tests.core.room import ADA, CHANNEL, room
from tests.core.state.board import job_author

DAY_S = 86_400.0
NOW = 1000 * DAY_S
KEEP_DAYS = 30

T = TypeVar("T")


@pytest_asyncio.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Channels]:
    opened = Channels(tmp_path)
    yield opened
    await opened.close()


def commit(tx: Transaction, *, number: int, at: float, base: int | None = None) -> None:
    """A job's end: two keys, a log and a large file."""
    operations = (
        Operation(key="k", op=Op.PUT, argument=number),
        Operation(key="n", op=Op.ADD, argument=1),
        Operation(key="log", op=Op.APPEND, argument=f"line {number}"),
    )
    content = (b"%d " % number) * 20_000
    delta = Delta(
        source=f"job:{number}", author=job_author(number), base=head(tx) if base is None else base,
        at=at, about="work", operations=operations,
        files=(FileChange(path="f", content=content),),
    )  # fmt: skip
    merge(tx, delta, Rules())


async def grown(channels: Channels, days: range) -> None:
    for number in days:
        await channels.write(CHANNEL, partial(commit, number=number, at=NOW - 100 * DAY_S + number))


def _pages(tx: Transaction) -> int:
    return int(tx.execute("PRAGMA page_count").fetchone()[0])


async def test_a_file_with_a_long_past_gets_smaller_and_stands_as_before(
    channels: Channels, tmp_path: Path
) -> None:
    await grown(channels, range(1, 61))
    before = await channels.read(CHANNEL, _pages)
    await prune_channel(channels, CHANNEL, NOW - KEEP_DAYS * DAY_S)

    def look(tx: Transaction) -> tuple[object, ...]:
        entries = [read_entry(tx, key) for key in ("k", "n", "log")]
        values = [entry and entry.value for entry in entries]
        return floor(tx), values, (read_file(tx, "f") or b"")[:6]

    lines = [f"line {number}" for number in range(1, 61)]
    assert await channels.read(CHANNEL, look) == (60, [60, 60, lines], b"60 60 ")
    assert 3 * await channels.read(CHANNEL, _pages) < before
    with sqlite3.connect(channels.path(CHANNEL)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


async def test_what_comes_while_it_prunes_is_kept(channels: Channels) -> None:
    await grown(channels, range(1, 41))
    pruning = asyncio.create_task(prune_channel(channels, CHANNEL, NOW))
    for number in range(41, 61):
        await channels.write(CHANNEL, partial(commit, number=number, at=NOW + number))
    await pruning
    await prune_channel(channels, CHANNEL, NOW)

    def look(tx: Transaction) -> list[object]:
        (old,) = tx.execute("SELECT count(*) FROM versions WHERE commit_no <= 40").fetchone()
        entry, file = read_entry(tx, "n"), read_file(tx, "f", 45) or b""
        return [floor(tx), old, entry and entry.value, file[:6]]

    assert await channels.read(CHANNEL, look) == [40, 4, 60, b"45 45 "]


async def test_a_job_and_a_turn_under_way_keep_what_they_began_with(channels: Channels) -> None:
    await grown(channels, range(1, 4))

    def begin(tx: Transaction) -> None:
        new = NewJob(
            id="j", thread=ThreadRef(channel=CHANNEL, thread="t"), title="t", brief="b",
            requester=ADA, message="message:m", rules_revision=0, budget=NO_LIMIT, at=0.0,
        )  # fmt: skip
        number = jobs.promise(tx, new, JobState.QUEUED)
        jobs.start(tx, number, at=0.0, commit=head(tx), message=0)

    await channels.write(CHANNEL, begin)
    await grown(channels, range(4, 7))
    await channels.write(CHANNEL, lambda tx: turns.begin(tx, "turn:1", "m", "t", 2, 0, 0.0))
    await prune_channel(channels, CHANNEL, NOW)
    assert await channels.read(CHANNEL, floor) == 2
    await channels.write(CHANNEL, lambda tx: turns.end(tx, "turn:1"))
    await prune_channel(channels, CHANNEL, NOW)
    assert await channels.read(CHANNEL, floor) == 3


async def test_places_of_what_is_no_more_go_with_age(channels: Channels) -> None:
    places = ChannelPlaces(channels, lambda: NOW - 40 * DAY_S)
    await places.keep(CHANNEL, "details:press", ("1",))
    await ChannelPlaces(channels, lambda: NOW).keep(CHANNEL, "details:other", ("2",))
    await prune_channel(channels, CHANNEL, NOW - KEEP_DAYS * DAY_S)
    assert await places.of(CHANNEL, "details:press") == ()
    assert await places.of(CHANNEL, "details:other") == ("2",)


def _steered(tx: Transaction) -> None:
    """A word to a job that ended at the beginning of time."""
    new = NewJob(
        id="j", thread=ThreadRef(channel=CHANNEL, thread="t"), title="t", brief="b", requester=ADA,
        message="message:m", rules_revision=0, budget=NO_LIMIT, at=0.0,
    )  # fmt: skip
    number = jobs.promise(tx, new, JobState.QUEUED)
    jobs.steer(tx, number, "w", "Ada", "faster", 0.0)
    jobs.end(tx, number, Cancelled(by="Ada"), at=1.0, steps=0, tokens=0)


def _answered(tx: Transaction) -> None:
    turns.begin(tx, "turn:1", "m", "t", 0, 0, 0.0)
    turns.end(tx, "turn:1")


def _shown(tx: Transaction) -> None:
    tx.execute("INSERT INTO places VALUES ('details:press', 0, '1', 0.0)")


def _without_owner(tx: Transaction) -> None:
    tx.execute("INSERT INTO blobs VALUES ('ab', 0, x'00')")


def _beaten(tx: Transaction) -> None:
    tx.execute("INSERT INTO pruned VALUES (1, 3, 3, 0)")
    tx.execute("INSERT INTO conflicts VALUES (1, 1, 1, 1, 2), (2, 1, 1, 1, NULL)")


def _freed(tx: Transaction) -> None:
    tx.execute("INSERT INTO blobs VALUES ('ab', 0, zeroblob(2000000))")
    tx.execute("DELETE FROM blobs")


def _half_pruned(tx: Transaction) -> None:
    commit(tx, number=1, at=0.0)
    commit(tx, number=2, at=0.0)
    assert prune.raise_floor(tx, prune.horizon(tx, NOW))
    while prune.list_step(tx):
        pass


def _old_commits(tx: Transaction) -> None:
    commit(tx, number=1, at=0.0)
    commit(tx, number=2, at=0.0)


_OLD = (_old_commits, _half_pruned, _steered, _answered, _shown, _without_owner, _beaten, _freed)


@pytest.mark.parametrize("old", _OLD, ids=lambda old: old.__name__.strip("_"))
async def test_a_channel_with_anything_old_is_pruned_and_closed_again(
    channels: Channels, tmp_path: Path, old: Callable[[Transaction], None]
) -> None:
    await channels.write(CHANNEL, old)
    before = await channels.run(CHANNEL, _rows)
    await channels.close()
    async with asyncio.timeout(60):
        later = Channels(tmp_path)
        await prune_where_old(later, CHANNEL, NOW)
        left = await later.aside(CHANNEL, _rows)
        assert left < before
        # Once more: now there is nothing.
        await prune_where_old(later, CHANNEL, NOW)
        assert await later.aside(CHANNEL, _rows) == left
        assert _files_open(later.path(CHANNEL)) == 0
        await later.close()


async def test_a_channel_without_anything_old_is_not_opened(
    channels: Channels, tmp_path: Path
) -> None:
    await channels.write(CHANNEL, partial(commit, number=1, at=NOW))
    await channels.close()
    later = Untouched(tmp_path)
    await prune_where_old(later, CHANNEL, NOW - KEEP_DAYS * DAY_S)
    await later.close()


class Untouched(Channels):
    """Cannot be used but from aside."""

    async def _slot(self, ref: ChannelRef) -> Never:
        raise AssertionError(f"{ref} is opened")


def _rows(tx: Transaction) -> int:
    """Rows of all tables, and pages."""
    names = tx.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
    counts: list[int] = [
        tx.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for (name,) in names.fetchall()
        if name not in ("pruned", "commits")
    ]
    return sum(counts) + _pages(tx)


def _files_open(path: Path) -> int:
    links = (one for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
    return sum(1 for one in links if os.path.realpath(one).startswith(str(path.resolve())))


class Watched(Channels):
    """Says when a channel's last step was made."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.through = asyncio.Event()

    async def run(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        done = await super().run(ref, function)
        self.through.set()
        return done


async def test_all_channels_are_pruned_at_the_start_and_no_file_is_made_for_it(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        assert (await here.ask("m1", "/set k 1")).text == "Set `k`."
    control, channels = await Control.open(tmp_path), Watched(tmp_path)
    never = ChannelRef(platform="world", workspace="w", channel="silent")
    await control.mark(never)
    work = asyncio.create_task(keep_pruned(control, channels, KEEP_DAYS, lambda: NOW))
    try:
        async with asyncio.timeout(60):
            await channels.through.wait()
        assert await channels.read(CHANNEL, floor) == 1
        assert not channels.path(never).exists()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await channels.close()
        await control.close()
