import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.errors import StoreError
from core.state.blank import put_blank
from core.state.database import Database, Transaction, _prepare
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

ID = 0x1234
FIRST = "CREATE TABLE notes (text TEXT NOT NULL) STRICT;"
SECOND = "CREATE TABLE more (text TEXT NOT NULL) STRICT;"
_PRAGMAS = ("application_id", "user_version", "auto_vacuum", "journal_mode", "page_size")


def begin(tx: Transaction) -> None:
    tx.execute("INSERT INTO notes VALUES ('begun')")


def notes(tx: Transaction) -> list[tuple[str]]:
    return tx.execute("SELECT text FROM notes").fetchall()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("PRAGMA user_version").fetchone()[0])


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def described(path: Path) -> tuple[object, ...]:
    with closing(sqlite3.connect(path)) as file:
        pragmas = [file.execute(f"PRAGMA {name}").fetchone()[0] for name in _PRAGMAS]
        tables = file.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        return (*pragmas, *tables)


async def test_a_copy_is_what_making_the_tables_comes_to(tmp_path: Path) -> None:
    made, copied = tmp_path / "made.db", tmp_path / "copied.db"
    with closing(sqlite3.connect(made, isolation_level=None)) as file:
        _prepare(made, CHANNEL_APPLICATION_ID, channel_migrations(), None, file)
    await (await Database.open(copied, CHANNEL_APPLICATION_ID, channel_migrations())).close()
    assert described(copied) == described(made)
    assert version(copied) == len(channel_migrations())


async def test_a_copy_that_nobody_came_to_use_is_begun_when_somebody_does(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    put_blank(path, ID, (FIRST,))
    assert version(path) == -1
    for _ in range(2):
        database = await Database.open(path, ID, (FIRST,), begin)
        assert await database.read(notes) == [("begun",)]
        await database.close()
    assert version(path) == 1


async def test_an_older_program_s_copy_gets_the_later_tables_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    put_blank(path, ID, (FIRST,))
    database = await Database.open(path, ID, (FIRST, SECOND), begin)
    assert await database.read(notes) == [("begun",)]
    assert await database.read(lambda tx: tx.execute("SELECT * FROM more").fetchall()) == []
    await database.close()
    assert version(path) == 2
    assert names(tmp_path) == ["a.db"]


async def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("what somebody wrote")
    put_blank(path, ID, (FIRST,))
    assert path.read_text() == "what somebody wrote"


async def test_half_a_copy_that_a_kill_left_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.db"
    path.parent.mkdir()
    path.with_name("a.db.part").write_bytes(b"half")
    await (await Database.open(path, ID, (FIRST,), begin)).close()
    assert names(path.parent) == ["a.db"]
    assert version(path) == 1


async def test_what_cannot_be_made_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"a\.db cannot be made"):
        await Database.open(tmp_path / "file" / "a.db", ID, (FIRST,))
    with files_of_at_most(4096), pytest.raises(StoreError, match=r"b\.db cannot be made"):
        await Database.open(tmp_path / "b.db", ID, (FIRST,))
    assert names(tmp_path) == ["file"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
