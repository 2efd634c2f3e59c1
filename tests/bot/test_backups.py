from pathlib import Path

from bot import backups, manifest
from bot.backup import back_up
from bot.care_sections import BackupSettings
from tests.bot.stored import GENERAL, filled, left, read


async def test_the_bot_takes_one_when_it_is_due_and_only_so_many_stay(tmp_path: Path) -> None:
    await filled(tmp_path / "data")
    folder = tmp_path / "backups"
    for name in ("20200101T000000Z", "20200102T000000Z"):
        list(back_up(tmp_path / "data", folder / name))
        text = (folder / name / manifest.NAME).read_text()
        at = manifest.read(folder / name).at
        (folder / name / manifest.NAME).write_text(text.replace(str(at), "1000.0"))
    (folder / "20200103T000000Z").mkdir()
    (folder / "20200103T000000Z" / manifest.UNFINISHED).touch()
    (folder / "mine").mkdir()
    settings = BackupSettings(dir=folder, every_hours=1.0, keep=2)
    assert backups._due_in(settings) <= 0
    backups._taken(settings, tmp_path / "data")
    names = sorted(one.name for one in left(folder, "*"))
    assert names[0] == "20200102T000000Z"
    assert names[2] == "mine"
    assert len(names) == 3
    assert backups._due_in(settings) > 3000


async def test_a_clock_that_was_set_back_is_no_reason_for_one_backup_after_another(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "data")
    folder = tmp_path / "backups"
    for name in ("29990101T000000Z", "29990102T000000Z"):
        list(back_up(tmp_path / "data", folder / name))
        text = (folder / name / manifest.NAME).read_text()
        at = manifest.read(folder / name).at
        (folder / name / manifest.NAME).write_text(text.replace(str(at), "32472144000.0"))
    settings = BackupSettings(dir=folder, every_hours=1.0, keep=2)
    assert backups._due_in(settings) == 0
    backups._taken(settings, tmp_path / "data")
    assert backups._due_in(settings) > 3000
    assert len(left(folder, "2*")) == 2
    assert len(left(folder, "2999*")) == 1
    find = backups.last_good(folder)
    found = find("control.db", tmp_path / "control.db")
    assert found is not None
    assert found < 32472144000.0


async def test_the_newest_copy_that_is_as_it_was_is_put_back(tmp_path: Path) -> None:
    await filled(tmp_path / "data")
    place = "channels/web/local/general.db"
    for name in ("20200101T000000Z", "20200102T000000Z"):
        list(back_up(tmp_path / "data", tmp_path / "backups" / name))
    (tmp_path / "backups" / "20200102T000000Z" / place).write_bytes(b"rotten")
    (tmp_path / "got" / "channels" / "web" / "local").mkdir(parents=True)
    find = backups.last_good(tmp_path / "backups")
    found = find(place, tmp_path / "got" / place)
    assert found == manifest.read(tmp_path / "backups" / "20200101T000000Z").at
    assert await read(tmp_path / "got", GENERAL) == ["of general"]
    assert find("channels/web/local/none.db", tmp_path / "got" / "x") is None
    assert backups.last_good(None)(place, tmp_path / "got" / "x") is None
    assert not (tmp_path / "got" / "x").exists()
