import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import NewerDatabase
from core.messages import ChannelRef
from core.state.backup import FileKind, copy_database
from core.state.channels import Channels
from core.state.damaged import LastGood, Mended, Mender, no_copies
from core.state.database import Transaction
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

KIND = FileKind(application_id=CHANNEL_APPLICATION_ID, newest=len(channel_migrations()))
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
OTHER = ChannelRef(platform="web", workspace="local", channel="other")
WAYS = ("header", "pages", "cut", "empty", "a folder", "foreign")


def add(tx: Transaction) -> None:
    tx.execute("INSERT INTO settings VALUES (hex(randomblob(8)), '1', 'me', 1.0)")


def fill(tx: Transaction) -> None:
    rows = [(str(number), "x" * 500) for number in range(500)]
    tx.executemany("INSERT INTO settings VALUES (?, ?, 'me', 1.0)", rows)


def count(tx: Transaction) -> int:
    return len(tx.execute("SELECT name, value FROM settings").fetchall())


async def filled(root: Path) -> None:
    channels = Channels(root)
    for ref in (GENERAL, OTHER):
        await channels.write(ref, fill)
    await channels.close()


def harm(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    match how:
        case "header":
            content[:16] = b"no database here"
        case "pages":
            content[4096 * 4 :] = b"\xff" * (len(content) - 4096 * 4)
        case "cut":
            del content[len(content) // 2 :]
        case "empty":
            content.clear()
        case _:
            path.unlink()
            if how == "a folder":
                path.mkdir()
                return
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE music (title)")
            return
    path.write_bytes(content)


def mending(root: Path, last_good: LastGood = no_copies) -> tuple[Channels, list[Mended]]:
    told: list[Mended] = []
    mender = Mender(root, KIND, last_good)
    mender.on_mended = told.append
    return Channels(root, mender=mender), told


@pytest.mark.parametrize("how", WAYS)
async def test_a_damaged_file_is_set_aside_once_and_the_channel_goes_on(
    tmp_path: Path, how: str
) -> None:
    await filled(tmp_path)
    channels, told = mending(tmp_path)
    harm(channels.path(GENERAL), how)
    found = await asyncio.gather(*(channels.read(GENERAL, count) for _ in range(8)))
    assert found == [0] * 8
    await channels.write(GENERAL, add)
    assert await channels.read(GENERAL, count) == 1
    assert await channels.read(OTHER, count) == 500
    await channels.close()
    (one,) = told
    assert (one.channel, one.since) == (GENERAL, None)
    assert one.reason
    assert one.aside.exists()
    assert ".damaged-" in one.aside.name


@pytest.mark.parametrize("how", WAYS)
async def test_the_last_good_copy_takes_its_place(tmp_path: Path, how: str) -> None:
    await filled(tmp_path)
    places: list[str] = []

    def last_good(place: str, target: Path) -> float:
        places.append(place)
        shutil.copyfile(tmp_path / "copy.db", target)
        return 5.0

    channels, told = mending(tmp_path, last_good)
    copy_database(channels.path(GENERAL), tmp_path / "copy.db", KIND)
    harm(channels.path(GENERAL), how)
    await channels.write(GENERAL, add)
    assert await channels.read(GENERAL, count) == 501
    await channels.close()
    assert [one.since for one in told] == [5.0]
    assert places == ["channels/web/local/general.db"]


async def test_damage_that_comes_while_the_file_is_open_is_found_by_a_query(tmp_path: Path) -> None:
    await filled(tmp_path)
    channels, told = mending(tmp_path)
    await channels.read(GENERAL, lambda tx: tx.execute("PRAGMA user_version").fetchone())
    harm(channels.path(GENERAL), "pages")
    reads = [channels.read(GENERAL, count) for _ in range(5)]
    writes = [channels.write(GENERAL, add) for _ in range(5)]
    await asyncio.gather(*reads, *writes)
    assert await channels.read(GENERAL, count) == 5
    await channels.close()
    assert len(told) == 1


async def test_a_newer_file_is_never_moved(tmp_path: Path) -> None:
    await filled(tmp_path)
    channels, told = mending(tmp_path)
    with closing(sqlite3.connect(channels.path(GENERAL))) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase, match="99"):
        await channels.read(GENERAL, count)
    await channels.close()
    assert not told
    assert channels.path(GENERAL).exists()


class Killed(BaseException):
    """The process ends here."""


def killed(place: str, target: Path) -> float:
    raise Killed


def good(place: str, target: Path) -> float:
    shutil.copyfile(target.parents[3] / "copy.db", target)
    return 5.0


async def half_mended(root: Path) -> Path:
    """A channel's file that was set aside by a process which then died; where it was."""
    await filled(root)
    path = Channels(root).path(GENERAL)
    copy_database(path, root / "copy.db", KIND)
    harm(path, "header")
    with pytest.raises(Killed):
        Mender(root, KIND, killed).mend(GENERAL, path)
    assert not path.exists()
    return path


async def test_what_a_process_that_died_had_set_aside_gets_its_copy_and_is_told(
    tmp_path: Path,
) -> None:
    path = await half_mended(tmp_path)
    mender = Mender(tmp_path, KIND, good)
    (one,) = mender.untold()
    assert (one.channel, one.since) == (GENERAL, 5.0)
    assert path.exists()
    assert Mender(tmp_path, KIND, killed).untold() == (one,)
    mender.told(one)
    assert mender.untold() == ()


async def test_what_a_process_that_died_had_not_set_aside_is_found_again_by_whoever_reads_it(
    tmp_path: Path,
) -> None:
    path = await half_mended(tmp_path)
    (aside,) = path.parent.glob("*.damaged-*")
    aside.rename(path)
    assert Mender(tmp_path, KIND, good).untold() == ()
    channels, told = mending(tmp_path, good)
    assert await channels.read(GENERAL, count) == 500
    await channels.close()
    assert len(told) == 1


async def test_a_note_that_is_none_of_ours_keeps_no_bot_from_starting(tmp_path: Path) -> None:
    path = await half_mended(tmp_path)
    (note,) = path.parent.glob("*.untold-*")
    note.write_text("{")
    assert Mender(tmp_path, KIND, good).untold() == ()
    assert not note.exists()
