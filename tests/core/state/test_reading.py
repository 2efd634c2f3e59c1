import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import NewerDatabase, StoreError
from core.state.database import Database
from core.state.reading import reading

APP = 0x54686177
ROOT = Path(__file__).parents[3]
FIRST = ("CREATE TABLE t (x TEXT) STRICT;",)
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from core.state.database import Database
async def main():
    database = await Database.open(Path(sys.argv[1]), int(sys.argv[2]), (sys.argv[3],))
    await database.write(lambda tx: tx.execute("INSERT INTO t VALUES ('kept')"))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # Names of channels become file names with characters that an address has to escape.
    return tmp_path / "a%2f b?c#d.db"


def replace(path: Path, old: bytes, new: bytes) -> None:
    """Do to the file what a failing disk does."""
    path.write_bytes(path.read_bytes().replace(old, new))


def bytes_beside(path: Path) -> dict[str, bytes]:
    """All files of the folder that the file is in."""
    return {found.name: found.read_bytes() for found in path.parent.iterdir()}


def texts(path: Path, newest: int = 1) -> list[str]:
    with reading(path, APP, newest) as tx:
        return [text for (text,) in tx.execute("SELECT x FROM t")]


async def test_a_file_is_read_while_its_owner_writes(path: Path) -> None:
    owner = await Database.open(path, APP, FIRST)
    await owner.write(lambda tx: tx.execute("INSERT INTO t VALUES ('a')"))
    with reading(path, APP, 1) as tx:
        assert tx.execute("SELECT count(*) FROM t").fetchone() == (1,)
        await owner.write(lambda tx: tx.execute("INSERT INTO t VALUES ('b')"))
        assert tx.execute("SELECT count(*) FROM t").fetchone() == (1,)
    assert texts(path) == ["a", "b"]
    await owner.close()


async def test_reading_changes_no_byte_and_leaves_nothing_beside_the_file(path: Path) -> None:
    await (await Database.open(path, APP, FIRST)).close()
    before = bytes_beside(path)
    assert texts(path) == []
    assert bytes_beside(path) == before
    assert list(before) == [path.name]


async def test_nothing_can_be_written(path: Path) -> None:
    await (await Database.open(path, APP, FIRST)).close()
    with pytest.raises(StoreError), reading(path, APP, 1) as tx:
        tx.execute("INSERT INTO t VALUES ('a')")
    assert texts(path) == []


def test_what_a_killed_owner_kept_is_read(path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(APP), FIRST[0]],
        cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert texts(path) == ["kept"]


def test_a_missing_file_is_named_and_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        texts(path)
    assert not path.exists()


async def test_a_file_of_another_version_says_what_to_do(path: Path) -> None:
    await (await Database.open(path, APP, FIRST)).close()
    with pytest.raises(StoreError, match="has version 1, this program reads 2: start the bot once"):
        texts(path, newest=2)
    with pytest.raises(NewerDatabase, match="has version 1, this program knows 0"):
        texts(path, newest=0)


def test_a_file_of_another_program_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE music (title)")
    connection.close()
    with pytest.raises(StoreError, match="of another program"):
        texts(path)


@pytest.mark.parametrize("damage", [b"\xff\xfe\xfd\xfc", b"\x1b[2J"])
async def test_damaged_text_is_a_fault_of_the_file_and_no_bug(path: Path, damage: bytes) -> None:
    owner = await Database.open(path, APP, FIRST)
    await owner.write(lambda tx: tx.execute("INSERT INTO t VALUES ('1234')"))
    await owner.close()
    replace(path, b"1234", damage)
    with pytest.raises(StoreError, match="is damaged"), reading(path, APP, 1) as tx:
        [int(text) for (text,) in tx.execute("SELECT x FROM t")]


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="damaged or not a database"):
        texts(path)


async def test_a_bug_in_a_query_stays_naked(path: Path) -> None:
    await (await Database.open(path, APP, FIRST)).close()
    with pytest.raises(sqlite3.ProgrammingError), reading(path, APP, 1) as tx:
        tx.execute("SELECT ?")
