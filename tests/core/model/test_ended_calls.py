"""What ended calls have used is written together, before anything else that is asked."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from core.errors import BudgetExceeded, StoreError
from core.model.budget import Ledger
from core.model.ended_calls import Ended, EndedCalls
from core.model.pots import Limits
from core.state.database import Database
from tests.core.model.chats import CHANNEL, account
from tests.core.model.ledgers import NOON, SCHEMA, most, tokens

T = TypeVar("T")
NEVER_S = 3600.0


class Watched(Database):
    """A file that counts its writes, and fails them while `lost` is set."""

    writes = 0
    lost: StoreError | None = None

    async def write(self, function: Callable[[sqlite3.Connection], T]) -> T:
        self.writes += 1
        if self.lost is not None:
            raise self.lost
        return await super().write(function)


@asynccontextmanager
async def keeping(
    path: Path, together_s: float, limits: Limits | None = None
) -> AsyncIterator[tuple[Ledger, Watched]]:
    database = await Watched.open(path / "control.db", 0x1234, (SCHEMA,))
    assert isinstance(database, Watched)
    try:
        yield Ledger(database, limits or Limits(), EndedCalls(together_s)), database
    finally:
        await database.close()


def settling(ledger: Ledger, reservation: int, used: int) -> asyncio.Task[None]:
    return asyncio.create_task(ledger.settle(reservation, tokens(used)))


async def test_calls_that_end_at_once_are_written_in_one_go(tmp_path: Path) -> None:
    async with keeping(tmp_path, 0.0) as (ledger, file):
        calls = [await ledger.reserve(account(), "tiny", tokens(500), NOON) for _ in range(5)]
        before = file.writes
        await asyncio.gather(*(ledger.settle(call, tokens(10)) for call in calls))
        assert file.writes == before + 1
        assert (await ledger.charged("job:1")).tokens == 50


async def test_the_next_call_s_reservation_takes_along_what_has_ended(tmp_path: Path) -> None:
    async with keeping(tmp_path, NEVER_S, Limits(per_month=most(1000))) as (ledger, file):
        first = await ledger.reserve(account(), "tiny", tokens(900), NOON)
        ended = settling(ledger, first, 100)
        await asyncio.sleep(0)
        before = file.writes
        # There is room for it only because the first one is settled before it.
        await ledger.reserve(account(), "tiny", tokens(900), NOON)
        await ended
        assert file.writes == before + 1


async def test_what_has_ended_is_kept_also_when_the_next_call_is_refused(tmp_path: Path) -> None:
    async with keeping(tmp_path, NEVER_S, Limits(per_month=most(1000))) as (ledger, _):
        await ledger.admit(account("job:2"), "tiny", tokens(10), NOON)
        first = await ledger.reserve(account(), "tiny", tokens(500), NOON)
        ended = settling(ledger, first, 100)
        await asyncio.sleep(0)
        with pytest.raises(BudgetExceeded):
            await ledger.reserve(account("job:2"), "tiny", tokens(901), NOON)
        await ended
        assert (await ledger.charged("job:1")).tokens == 100
        assert (await ledger.charged("job:2")).tokens == 10


@pytest.mark.parametrize("asked", ["charged", "spend", "scarce"])
async def test_whoever_asks_is_told_of_what_has_ended(tmp_path: Path, asked: str) -> None:
    async with keeping(tmp_path, NEVER_S, Limits(per_month=most(1000))) as (ledger, _):
        first = await ledger.reserve(account(), "tiny", tokens(990), NOON)
        ended = settling(ledger, first, 100)
        await asyncio.sleep(0)
        match asked:
            case "charged":
                assert (await ledger.charged("job:1")).tokens == 100
            case "spend":
                lines = await ledger.spend(CHANNEL, None, NOON)
                assert {(line.used, line.reserved) for line in lines} == {(100, 0)}
            case _:
                assert await ledger.scarce(account(), "tiny", tokens(10), NOON) is None
        await ended


async def test_each_is_told_when_the_store_fails_and_is_written_when_it_can_be(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path, 0.0) as (ledger, file):
        calls = [await ledger.reserve(account(), "tiny", tokens(500), NOON) for _ in range(3)]
        file.lost = StoreError("no room")
        ends = await asyncio.gather(
            *(ledger.settle(call, tokens(10)) for call in calls), return_exceptions=True
        )
        assert ends == [file.lost] * 3
        assert (await ledger.charged("job:1")).tokens == 1500
        file.lost = None
        assert (await ledger.charged("job:1")).tokens == 30


async def test_after_a_failure_the_next_call_finds_the_place_that_it_has(tmp_path: Path) -> None:
    limits = Limits(per_month=most(600))
    async with keeping(tmp_path, 0.0, limits) as (ledger, file):
        call = await ledger.reserve(account(), "tiny", tokens(500), NOON)
        await ledger.admit(account("job:2"), "tiny", tokens(100), NOON)
        file.lost = StoreError("no room")
        with pytest.raises(StoreError):
            await ledger.settle(call, tokens(10))
        with pytest.raises(StoreError):
            await ledger.release("job:2")
        file.lost = None
        assert await ledger.reserve(account("job:3"), "tiny", tokens(590), NOON)
        await ledger.recover(NOON)
        lines = await ledger.spend(CHANNEL, None, NOON)
        assert {line.used for line in lines} == {600}


async def test_one_that_comes_while_others_are_being_written_is_not_forgotten() -> None:
    calls, writing, go = EndedCalls(0.0), asyncio.Event(), asyncio.Event()
    ends = [Ended(reservation=number, charged=None, usage=None) for number in range(2)]
    taken: list[list[Ended]] = []

    async def write() -> None:
        taken.append(calls.take())
        writing.set()
        await go.wait()
        for one in taken[-1]:
            one.tell(None)

    first = asyncio.create_task(calls.add(ends[0], write))
    await writing.wait()
    second = asyncio.create_task(calls.add(ends[1], write))
    go.set()
    await asyncio.gather(first, second)
    assert taken == [[ends[0]], [ends[1]]]
