"""One file: its second connection, and a disk that fails while connections are made."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core.errors import StoreError
from core.state import database as under_test
from core.state.connection import Connection, SharedConnection
from core.state.database import Database
from tests.faults.statements import Fault, Plan, struck

TABLES = ("CREATE TABLE t (n INTEGER) STRICT;",)
T = TypeVar("T")


class Watched:
    """A connection that says when it is closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.closed = asyncio.Event()

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        return await self._connection.run(function)

    async def close(self) -> None:
        await self._connection.close()
        self.closed.set()


async def test_a_reader_goes_when_nobody_reads_and_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Watched] = []

    async def connect(path: Path, before: Callable[[], None]) -> Connection:
        made.append(Watched(await SharedConnection.connect(path, before)))
        return made[-1]

    monkeypatch.setattr(under_test, "connect", connect)
    monkeypatch.setattr(under_test, "_READER_IDLE_S", 0.001)
    database = await Database.open(tmp_path / "a.db", 7, TABLES)
    for _ in range(3):
        await database.write(_add)
        found = await asyncio.gather(*(database.read(_count) for _ in range(20)))
        assert found == [len(made) - 1] * 20
        async with asyncio.timeout(60):
            await made[-1].closed.wait()
    assert [one.closed.is_set() for one in made] == [False, True, True, True]
    await database.read(_count)
    await database.close()
    assert all(one.closed.is_set() for one in made)
    assert len(made) == 5


async def test_a_reader_stays_while_somebody_reads_for_longer_than_it_would_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []

    async def connect(path: Path, before: Callable[[], None]) -> Connection:
        made.append(await SharedConnection.connect(path, before))
        return made[-1]

    monkeypatch.setattr(under_test, "connect", connect)
    monkeypatch.setattr(under_test, "_READER_IDLE_S", 0.01)
    database = await Database.open(tmp_path / "a.db", 7, TABLES)
    await database.read(_count)
    goes_on = threading.Event()
    long = asyncio.create_task(database.read(lambda tx: (goes_on.wait(60), _count(tx))[1]))
    await asyncio.sleep(0.05)  # the time that it would have rested is over
    last = asyncio.create_task(database.read(_count))
    await asyncio.sleep(0)
    goes_on.set()
    assert (await long, await last) == (0, 0)
    assert len(made) == 2
    await database.close()


def _add(tx: sqlite3.Connection) -> None:
    tx.execute("INSERT INTO t VALUES (1)")


def _count(tx: sqlite3.Connection) -> int:
    found: tuple[int] = tx.execute("SELECT count(*) FROM t").fetchone()
    return found[0]


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_reader_that_could_not_be_made_is_made_by_the_next_read(
    tmp_path: Path, fault: Fault
) -> None:
    database = await Database.open(tmp_path / "a.db", 7, TABLES)
    with struck(Plan(1, fault)):
        with pytest.raises(StoreError, match=r"a\.db"):
            await database.read(lambda tx: tx.execute("SELECT count(*) FROM t").fetchone())
        found = await database.read(lambda tx: tx.execute("SELECT count(*) FROM t").fetchone())
    assert found == (0,)
    await database.close()


async def test_a_file_whose_reader_could_not_be_made_closes_all_the_same(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.db", 7, TABLES)
    with struck(Plan(1, Fault.IOERR)), pytest.raises(StoreError):
        await database.read(lambda tx: tx.execute("SELECT 1").fetchone())
    await database.close()
    with pytest.raises(ValueError, match="closed"):
        await database.read(lambda tx: tx.execute("SELECT 1").fetchone())


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_read_that_the_disk_fails_tells_of_the_disk(tmp_path: Path, fault: Fault) -> None:
    database = await Database.open(tmp_path / "a.db", 7, TABLES)
    with struck(Plan(3, fault)), pytest.raises(StoreError, match=r"a\.db"):  # its own first query
        await database.read(lambda tx: tx.execute("SELECT count(*) FROM t").fetchone())
    assert await database.read(lambda tx: tx.execute("SELECT count(*) FROM t").fetchone()) == (0,)
    await database.close()
