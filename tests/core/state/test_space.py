"""What was deleted leaves no byte in the file, and a file that was larger gets smaller in steps."""

import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from core.state.database import Database, Transaction
from core.state.space import shrink_step, wipe

MARK = "SECRETMARK"
TABLES = """
CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;
CREATE TABLE m (v TEXT);
CREATE INDEX m_v ON m (v);
"""


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "some.db", 1, (TABLES,))
    yield opened
    await opened.close()


def churn(tx: Transaction) -> None:
    """Rows of many sizes come, change and go, so that cells move between pages."""
    luck = random.Random(7)
    for number in range(4000):
        key, size = f"{luck.random()}", luck.choice([5, 50, 600, 3000])
        text = f"{MARK}{number}{'z' * size}" if luck.random() < 0.4 else "x" * size
        tx.execute("INSERT INTO t VALUES (?, ?)", (key, text))
        tx.execute("INSERT INTO m VALUES (?)", (text,))
        if luck.random() < 0.3:
            tx.execute(
                "DELETE FROM t WHERE k = (SELECT min(k) FROM t WHERE k > ?)", (f"{luck.random()}",)
            )


async def test_no_byte_of_what_was_deleted_is_left(database: Database) -> None:
    await database.write(churn)
    await database.write(lambda tx: tx.execute("DELETE FROM t WHERE v LIKE 'SECRET%'"))
    await database.write(lambda tx: tx.execute("DELETE FROM m WHERE v LIKE 'SECRET%'"))
    await database.run(wipe)
    left = [
        path.name for path in database.path.parent.iterdir() if MARK.encode() in path.read_bytes()
    ]
    assert left == []
    (kept,) = await database.read(lambda tx: tx.execute("SELECT count(*) FROM m").fetchone())
    assert kept > 1000


async def test_free_pages_are_given_back_in_small_steps(database: Database) -> None:
    await database.write(churn)

    def pages(connection: sqlite3.Connection) -> int:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return database.path.stat().st_size // 4096

    before = await database.run(pages)
    await database.write(lambda tx: tx.execute("DELETE FROM t WHERE length(v) > 100"))
    await database.write(lambda tx: tx.execute("DELETE FROM m WHERE length(v) > 100"))
    steps = 0
    while await database.run(shrink_step):
        steps += 1
    assert steps > 3
    assert await database.run(pages) < before / 2
    check = await database.read(lambda tx: tx.execute("PRAGMA integrity_check").fetchone())
    assert check == ("ok",)


async def test_a_file_that_is_full_is_left_as_it_is(database: Database) -> None:
    await database.write(churn)
    assert not await database.run(shrink_step)
