import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from core.errors import StoreError
from core.messages import ChannelRef
from core.state import place
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Database, Transaction

ID = 0x1234
TABLE = "CREATE TABLE words (word TEXT)"
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")


def put(word: str) -> Callable[[Transaction], object]:
    return lambda tx: tx.execute("INSERT INTO words VALUES (?)", (word,))


def words(tx: Transaction) -> list[str]:
    return [word for (word,) in tx.execute("SELECT word FROM words ORDER BY rowid")]


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def remove_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def replace(path: Path) -> None:
    other = path.with_name("other")
    with closing(sqlite3.connect(other)) as file:
        file.execute("CREATE TABLE music (title)")
    other.rename(path)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_whole(path: Path) -> None:
    """With a log of its own, whose pages must not get into the file that comes back."""
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE music (title)")
        for end in ("-shm", "-wal", ""):
            other.with_name(other.name + end).rename(path.with_name(path.name + end))


WAYS = (
    remove,
    remove_all,
    remove_log,
    move_the_folder,
    replace,
    replace_by_a_folder,
    replace_whole,
)


def aside_of(path: Path) -> list[Path]:
    return [one for one in path.parent.glob(f"{path.name}.replaced-*") if one.name[-4] != "-"]


async def opened(path: Path, held: Callable[[], object] = lambda: None) -> Database:
    database = await Database.open(path, ID, (TABLE,), held=held)
    await database.write(put("before"))
    assert await database.read(words) == ["before"]
    return database


@pytest.mark.parametrize("displace", WAYS)
async def test_nothing_of_a_file_that_is_displaced_while_it_is_open_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], displace: Callable[[Path], None]
) -> None:
    path = tmp_path / "data" / "x.db"
    database = await opened(path)
    displace(path)
    together = [database.write(put(str(number))) for number in range(8)]
    reading = [database.read(words) for _ in range(8)]
    await asyncio.gather(*together, *reading)
    wanted = ["before", *map(str, range(8))]
    assert capsys.readouterr().out.count("it is back, with all it held") == 1
    assert sorted(await database.read(words)) == sorted(wanted)
    # As after a kill: what another connection finds is what is kept.
    with closing(sqlite3.connect(path)) as file:
        assert sorted(words(file)) == sorted(wanted)
    await database.close()
    with closing(sqlite3.connect(path)) as file:
        assert sorted(words(file)) == sorted(wanted)
        assert file.execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.parametrize("displace", [replace, replace_by_a_folder, replace_whole])
async def test_what_stood_there_is_set_aside(
    tmp_path: Path, displace: Callable[[Path], None]
) -> None:
    database = await opened(tmp_path / "x.db")
    displace(database.path)
    await database.write(put("after"))
    await database.close()
    (aside,) = aside_of(database.path)
    assert aside.is_dir() == (displace is replace_by_a_folder)
    if aside.is_file():
        with closing(sqlite3.connect(aside)) as file:
            assert file.execute("SELECT count(*) FROM music").fetchone() == (0,)


async def test_it_is_put_back_also_when_it_is_closed_without_a_further_write(
    tmp_path: Path,
) -> None:
    database = await opened(tmp_path / "x.db")
    remove_all(database.path)
    await database.close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as file:
        assert words(file) == ["before"]


async def test_a_reader_that_opens_later_sees_the_file_and_not_what_stands_there(
    tmp_path: Path,
) -> None:
    database = await Database.open(tmp_path / "x.db", ID, (TABLE,), held=lambda: None)
    await database.write(put("before"))
    replace(database.path)
    assert await database.read(words) == ["before"]
    await database.close()


async def test_it_is_left_where_the_place_is_another_s_and_tried_again(tmp_path: Path) -> None:
    troubles = [StoreError("another bot is using it")]

    def held() -> None:
        if troubles:
            raise troubles[0]

    database = await opened(tmp_path / "x.db", held)
    replace(database.path)
    there = database.path.stat().st_ino
    for _ in range(2):
        with pytest.raises(StoreError, match="another bot is using it"):
            await database.write(put("refused"))
    assert database.path.stat().st_ino == there
    troubles.clear()
    await database.write(put("after"))
    assert await database.read(words) == ["before", "after"]
    await database.close()


async def test_where_nothing_can_be_put_it_is_told_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "x.db"
    database = await opened(path)
    move_the_folder(path)
    path.parent.write_text("in the way")
    with pytest.raises(StoreError, match=r"x\.db was removed .* cannot be put back: File exists"):
        await database.write(put("refused"))
    path.parent.unlink()
    await database.write(put("after"))
    assert await database.read(words) == ["before", "after"]
    await database.close()


async def test_where_files_have_another_number_each_time_nothing_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    monkeypatch.setattr(place, "identity", lambda path: (1, next(numbers)))
    async with asyncio.timeout(30):
        database = await opened(tmp_path / "x.db")
    there = database.path.stat().st_ino
    async with asyncio.timeout(30):
        await database.write(put("after"))
        assert await database.read(words) == ["before", "after"]
        await database.close()
    assert database.path.stat().st_ino == there


async def test_a_data_directory_that_is_removed_is_there_again_with_its_lock(
    tmp_path: Path,
) -> None:
    root = tmp_path / "data"
    control = await Control.open(root)
    channels = Channels(root, held=control.hold)
    await channels.write(GENERAL, _set)
    root.rename(tmp_path / "gone")
    await channels.write(GENERAL, _set)
    await control.mark(GENERAL)
    with pytest.raises(StoreError, match=rf"another bot \(pid {os.getpid()}\)"):
        await Control.open(root)
    await channels.close()
    await control.close()
    control = await Control.open(root)
    assert await control.unfinished() == (GENERAL,)
    await control.close()


async def test_a_bot_leaves_a_data_directory_that_another_has_taken_meanwhile(
    tmp_path: Path,
) -> None:
    root = tmp_path / "data"
    control = await Control.open(root)
    channels = Channels(root, held=control.hold)
    await channels.write(GENERAL, _set)
    root.rename(tmp_path / "gone")
    other = await Control.open(root)
    with pytest.raises(StoreError, match="another bot"):
        await channels.write(GENERAL, _set)
    with pytest.raises(StoreError, match="another bot"):
        await control.mark(GENERAL)
    await other.mark(GENERAL)
    await other.close()
    await channels.write(GENERAL, _set)
    await channels.close()
    await control.close()


def _set(tx: Transaction) -> None:
    tx.execute("INSERT INTO settings VALUES (hex(randomblob(8)), '1', 'me', 1.0)")
