import shutil
import sqlite3
from pathlib import Path

import pytest

from core.errors import StoreError
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.control import Control
from core.state.facts import head

NAMES = ("general", "Ünïcode & /slashes", "x" * 300, "", "..")
REFS = tuple(ChannelRef(platform="web", workspace="W 1", channel=name) for name in NAMES)


async def filled(root: Path) -> None:
    control = await Control.open(root)
    channels = Channels(root)
    for ref in REFS:
        await control.mark(ref)
        await channels.read(ref, head)
        await control.clear(ref, control.given(ref))
    await channels.close()
    await control.close()


@pytest.mark.parametrize("how", ["gone", "empty", "damaged", "cut"])
async def test_a_lost_index_is_rebuilt_from_the_channels_files(tmp_path: Path, how: str) -> None:
    await filled(tmp_path)
    path = tmp_path / "control.db"
    match how:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "damaged":
            path.write_bytes(b"no database" * 1000)
        case _:
            path.write_bytes(path.read_bytes()[:8192])
    control = await Control.open(tmp_path)
    assert set(await control.unfinished()) == set(REFS)
    await control.close()
    assert len(left(tmp_path)) == (how != "gone")


async def test_the_last_good_copy_gives_back_what_no_channel_knows(tmp_path: Path) -> None:
    await filled(tmp_path)
    control = await Control.open(tmp_path)
    values = ("world", "ada", "Ada", "w", "c", "CODE", "me", 1.0, 1)
    await control.database.write(
        lambda tx: tx.execute("INSERT INTO paired VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    )
    await control.close()
    shutil.copyfile(tmp_path / "control.db", tmp_path / "copy.db")
    (tmp_path / "control.db").write_bytes(b"no database" * 1000)

    def last_good(place: str, target: Path) -> float:
        assert place == "control.db"
        shutil.copyfile(tmp_path / "copy.db", target)
        return 5.0

    control = await Control.open(tmp_path, last_good)
    people = await control.database.read(
        lambda tx: tx.execute("SELECT person FROM paired").fetchall()
    )
    assert people == [("ada",)]
    assert set(await control.unfinished()) == set(REFS)
    await control.close()


async def test_a_sound_index_is_left_alone(tmp_path: Path) -> None:
    await filled(tmp_path)
    control = await Control.open(tmp_path)
    assert await control.unfinished() == ()
    await control.close()


async def test_another_program_s_file_is_refused_and_stays(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "control.db")
    connection.execute("CREATE TABLE music (title)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        await Control.open(tmp_path)
    assert not left(tmp_path)


def left(folder: Path) -> list[Path]:
    return list(folder.glob("control.db.damaged-*"))
