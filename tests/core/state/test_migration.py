import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import NewerDatabase, StoreError
from core.state.database import Database
from core.state.migration import before

ID = 0x54687743
FIRST = "CREATE TABLE words (word TEXT)"
SECOND = "ALTER TABLE words ADD COLUMN weight INTEGER"
BROKEN = f"{SECOND};\nALTER TABLE nowhere ADD COLUMN x"


async def one_word(path: Path) -> None:
    database = await Database.open(path, ID, (FIRST,))
    await database.write(lambda tx: tx.execute("INSERT INTO words VALUES ('hi')"))
    await database.close()


def shape(path: Path) -> tuple[int, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return version, connection.execute("SELECT * FROM words").fetchall()


async def test_a_file_is_kept_as_it_was_before_its_tables_change(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await one_word(path)
    assert [one.name for one in left(tmp_path)] == ["a.db"]
    database = await Database.open(path, ID, (FIRST, SECOND))
    await database.close()
    assert shape(path) == (2, [("hi", None)])
    assert shape(before(path, 1)) == (1, [("hi",)])
    again = await Database.open(before(path, 1), ID, (FIRST,))
    await again.close()


async def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await one_word(path)
    with pytest.raises(StoreError, match="nowhere"):
        await Database.open(path, ID, (FIRST, BROKEN))
    assert shape(path) == (1, [("hi",)])
    database = await Database.open(path, ID, (FIRST, SECOND))
    await database.close()
    assert shape(path) == (2, [("hi", None)])


async def test_an_older_program_refuses_a_newer_file_by_name_and_keeps_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    database = await Database.open(path, ID, (FIRST, SECOND))
    await database.close()
    with pytest.raises(NewerDatabase, match=r"a\.db has version 2, this program knows 1"):
        await Database.open(path, ID, (FIRST,))
    assert [one.name for one in left(tmp_path)] == ["a.db"]


def left(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
