"""One file, when the disk fails while its connections are made."""

from pathlib import Path

import pytest

from core.errors import StoreError
from core.state.database import Database
from tests.faults.statements import Fault, Plan, struck

TABLES = ("CREATE TABLE t (n INTEGER) STRICT;",)


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
