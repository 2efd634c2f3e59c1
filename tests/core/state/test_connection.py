import asyncio
import gc
import sqlite3
import threading
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.state.connection import SharedConnection

PATIENCE_S = 30.0


async def connect(path: Path) -> SharedConnection:
    return await SharedConnection.connect(path, lambda: None)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[SharedConnection]:
    connection = await connect(tmp_path / "some.db")
    yield connection
    await connection.close()


async def test_a_function_gives_its_result_or_its_error(opened: SharedConnection) -> None:
    assert await opened.run(lambda one: one.execute("SELECT 7").fetchone()) == (7,)
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        await opened.run(lambda one: one.execute("SELECT * FROM nothing"))


async def test_many_writes_leave_next_to_nothing_behind(opened: SharedConnection) -> None:
    def write(one: sqlite3.Connection) -> tuple[int, int]:
        one.execute("CREATE TABLE numbers (n)")
        before = references()
        for number in range(150):
            assert one.execute("INSERT INTO numbers VALUES (?)", (number,)).rowcount == 1
        left = references() - before
        return left, one.execute("SELECT count(*) FROM numbers").fetchone()[0]

    left, count = await opened.run(write)
    assert (left < 15, count) == (True, 150)


async def test_rows_are_read_while_others_are_written(opened: SharedConnection) -> None:
    def work(one: sqlite3.Connection) -> list[int]:
        one.execute("CREATE TABLE numbers (n)")
        for number in range(5):
            one.execute("INSERT INTO numbers VALUES (?)", (number,))
        found = []
        for (number,) in one.execute("SELECT n FROM numbers WHERE n < 5 ORDER BY n"):
            one.execute("UPDATE numbers SET n = n WHERE n = ?", (number,))
            found += [row[0] for row in one.execute("SELECT n FROM numbers WHERE n = ?", (number,))]
        return found

    assert await opened.run(work) == [0, 1, 2, 3, 4]


def references() -> int:
    """How many weak references there are."""
    return sum(type(one) is weakref.ReferenceType for one in gc.get_objects())


async def test_functions_on_one_file_run_one_after_another_in_order(
    opened: SharedConnection,
) -> None:
    steps: list[tuple[int, str]] = []

    def work(number: int, one: sqlite3.Connection) -> None:
        steps.append((number, "begins"))
        one.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000)"
                    " SELECT sum(x) FROM n").fetchone()  # fmt: skip
        steps.append((number, "ends"))

    await asyncio.gather(
        *(opened.run(lambda one, number=n: work(number, one)) for n in range(200))  # type: ignore[misc]
    )
    assert steps == [(n, word) for n in range(200) for word in ("begins", "ends")]


async def test_a_function_is_run_though_its_caller_was_cancelled(opened: SharedConnection) -> None:
    held, done = threading.Event(), threading.Event()
    first = asyncio.create_task(opened.run(lambda _: held.wait(PATIENCE_S)))
    second = asyncio.create_task(opened.run(lambda _: done.set()))
    await asyncio.sleep(0)
    second.cancel()
    held.set()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await first
    assert await opened.run(lambda _: done.is_set())


async def test_files_that_are_held_up_hold_up_no_other(tmp_path: Path) -> None:
    files = [await connect(tmp_path / f"{n}.db") for n in range(6)]
    held = threading.Event()
    stuck = [asyncio.create_task(one.run(lambda _: held.wait(PATIENCE_S))) for one in files[:5]]
    found = await files[5].run(lambda one: one.execute("SELECT 1").fetchone())
    assert found == (1,)
    assert not any(task.done() for task in stuck)
    held.set()
    assert all(await asyncio.gather(*stuck))
    await asyncio.gather(*(one.close() for one in files))


async def test_closing_finishes_what_is_queued_and_takes_no_more(tmp_path: Path) -> None:
    connection = await connect(tmp_path / "some.db")
    held = threading.Event()
    late = asyncio.create_task(connection.run(lambda _: held.wait(PATIENCE_S)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="closed"):
        await connection.run(lambda _: None)
    held.set()
    assert await late
    await closing
    with pytest.raises(ValueError, match="closed"):
        await connection.run(lambda _: None)


async def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await connect(tmp_path / "no folder" / "some.db")


async def test_a_file_opened_for_nobody_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    opening = asyncio.create_task(connect(path))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(PATIENCE_S):
        while _is_open(path):
            # Let another connection take its turn on the threads.
            other = await connect(tmp_path / "other.db")
            await other.close()


def _is_open(path: Path) -> bool:
    return any(
        entry.is_symlink() and entry.readlink() == path for entry in Path("/proc/self/fd").iterdir()
    )


def test_a_file_can_be_used_by_one_loop_after_another(tmp_path: Path) -> None:
    async def use() -> object:
        connection = await connect(tmp_path / "some.db")
        try:
            return await connection.run(lambda one: one.execute("SELECT 1").fetchone())
        finally:
            await connection.close()

    assert asyncio.run(use()) == asyncio.run(use()) == (1,)
