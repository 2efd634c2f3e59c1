import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import DamagedFile, NewerDatabase, StoreError, UnusableFile
from core.state.backup import FileKind, copy_database
from core.state.database import Database

KIND = FileKind(application_id=0x54687743, newest=1)
SCHEMA = ("CREATE TABLE words (word TEXT)",)


async def filled(path: Path, words: int = 2000) -> None:
    database = await Database.open(path, KIND.application_id, SCHEMA)
    rows = [("x" * 100,)] * words
    await database.write(lambda tx: tx.executemany("INSERT INTO words VALUES (?)", rows))
    await database.close()


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM words").fetchone()[0])


def left(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


async def test_a_copy_is_one_file_and_holds_what_is_only_in_the_log_of_the_live_one(
    tmp_path: Path,
) -> None:
    live = await Database.open(tmp_path / "a.db", KIND.application_id, SCHEMA)
    await live.write(lambda tx: tx.execute("INSERT INTO words VALUES ('hi')"))
    assert copy_database(tmp_path / "a.db", tmp_path / "b.db", KIND) == 1
    await live.close()
    assert count(tmp_path / "b.db") == 1
    assert not left(tmp_path, "b.db-*")


async def test_a_copy_does_not_wait_for_who_writes_and_sees_nothing_half_done(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "a.db", 5)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO words VALUES ('half')")
        copy_database(tmp_path / "a.db", tmp_path / "b.db", KIND)
        writer.execute("COMMIT")
    assert count(tmp_path / "b.db") == 5


@pytest.mark.parametrize("how", ["header", "page", "cut", "empty"])
async def test_what_is_damaged_is_not_copied(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.db"
    await filled(path)
    content = bytearray(path.read_bytes())
    match how:
        case "header":
            content[:16] = b"no database here"
        case "page":
            content[4096 * 5 : 4096 * 8] = b"\xff" * 4096 * 3
        case "cut":
            del content[4096 * 5 :]
        case _:
            content.clear()
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"a\.db"):
        copy_database(path, tmp_path / "b.db", KIND)
    assert not left(tmp_path, "b.db*")


async def test_a_foreign_and_a_newer_file_are_refused_and_left(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE music (title)")
    with pytest.raises(UnusableFile, match="another program"):
        copy_database(tmp_path / "foreign.db", tmp_path / "b.db", KIND)
    await filled(tmp_path / "a.db", 1)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(NewerDatabase, match="version 9"):
        copy_database(tmp_path / "a.db", tmp_path / "b.db", KIND)
    assert not left(tmp_path, "b.db*")


async def test_a_copy_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    await filled(tmp_path / "a.db", 1)
    with pytest.raises(StoreError):
        copy_database(tmp_path / "a.db", tmp_path / "nowhere" / "b.db", KIND)
