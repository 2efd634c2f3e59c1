import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from bot import manifest
from bot.backup import WORKSPACE, back_up
from core.errors import StoreError
from core.state.channels import Channels
from core.state.control import Control
from core.subagents.journal import Journal
from tests.bot.stored import GENERAL, OTHER, a_job_at_work, add, filled


async def test_a_backup_holds_all_channels_the_accounts_and_says_its_size_and_time(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "data")
    said = list(back_up(tmp_path / "data", tmp_path / "backup"))
    found = manifest.read(tmp_path / "backup")
    assert [file.path for file in found.files] == [
        "channels/web/local/general.db",
        "channels/web/local/other.db",
        "control.db",
    ]
    assert not list(manifest.wrong(tmp_path / "backup", found))
    assert "channels: 2," in said[0]
    assert "MB in" in said[0]
    assert found.program
    assert found.schemas["channel"] >= 1


async def test_it_is_taken_beside_an_open_store_and_every_channel_is_marked_in_it(
    tmp_path: Path,
) -> None:
    control = await Control.open(tmp_path / "data")
    channels = Channels(tmp_path / "data")
    await control.mark(GENERAL)
    await channels.write(GENERAL, add("a"))
    await control.clear(GENERAL, control.given(GENERAL))
    list(back_up(tmp_path / "data", tmp_path / "backup"))
    await channels.close()
    assert await control.unfinished() == ()
    await control.close()
    with closing(sqlite3.connect(tmp_path / "backup" / "control.db")) as connection:
        assert connection.execute("SELECT channel, unfinished FROM channels").fetchall() == [
            ("general", 1)
        ]


async def test_what_an_unfinished_job_needs_is_in_it_and_no_other_job_s(tmp_path: Path) -> None:
    root = tmp_path / "data"
    await filled(root)
    id = await a_job_at_work(root)
    workspace = root / "jobs" / id / "workspace"
    (workspace / "empty").mkdir(parents=True)
    (workspace / "a.txt").write_text("hi")
    (workspace / "link").symlink_to("/etc/passwd")
    os.mkfifo(workspace / "pipe")
    old = await Journal.open(root / "jobs" / "old", lambda: 0.0)
    await old.close()
    list(back_up(root, tmp_path / "backup"))
    found = [file.path for file in manifest.read(tmp_path / "backup").files]
    assert [path for path in found if path.startswith("jobs")] == [
        f"jobs/{id}/job.db", f"jobs/{id}/{WORKSPACE}",
    ]  # fmt: skip
    with tarfile.open(tmp_path / "backup" / "jobs" / id / WORKSPACE) as archive:
        assert sorted(archive.getnames()) == ["a.txt", "empty", "link"]
        assert archive.getmember("link").issym()


async def test_a_damaged_channel_is_left_out_by_name_and_the_others_are_kept(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "data")
    path = Channels(tmp_path / "data").path(OTHER)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=f"left out:\n{path}"):
        list(back_up(tmp_path / "data", tmp_path / "backup"))
    assert len(manifest.read(tmp_path / "backup").left_out) == 1


async def test_a_channel_whose_jobs_cannot_be_read_is_kept_and_that_is_told(
    tmp_path: Path,
) -> None:
    root = tmp_path / "data"
    await filled(root)
    await a_job_at_work(root)
    path = Channels(root).path(GENERAL)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE jobs SET id = CAST(x'ff' AS TEXT)")
    with pytest.raises(StoreError, match=f"{path}: its unfinished jobs cannot be read"):
        list(back_up(root, tmp_path / "backup"))
    kept = [file.path for file in manifest.read(tmp_path / "backup").files]
    assert kept == [
        *(f"channels/web/local/{name}.db" for name in ("general", "other")),
        "control.db",
    ]


async def test_what_a_killed_backup_left_is_none_and_the_next_one_takes_its_place(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "data")
    folder = tmp_path / "backup"
    list(back_up(tmp_path / "data", folder))
    # As it stands just before the end.
    (folder / manifest.NAME).rename(folder / f"{manifest.NAME}.part")
    (folder / manifest.UNFINISHED).touch()
    with pytest.raises(StoreError, match="never finished"):
        manifest.read(folder)
    list(back_up(tmp_path / "data", folder))
    assert manifest.is_backup(folder)
    assert not (folder / manifest.UNFINISHED).exists()


async def test_no_folder_with_anything_in_it_is_written_to(tmp_path: Path) -> None:
    await filled(tmp_path / "data")
    list(back_up(tmp_path / "data", tmp_path / "backup"))
    with pytest.raises(StoreError, match="already"):
        list(back_up(tmp_path / "data", tmp_path / "backup"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    with pytest.raises(StoreError, match="not empty"):
        list(back_up(tmp_path / "data", tmp_path / "mine"))
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(StoreError, match="inside of the data"):
        list(back_up(tmp_path / "data", tmp_path / "data" / "backup"))
    with pytest.raises(StoreError, match="nothing to back up"):
        list(back_up(tmp_path / "nowhere", tmp_path / "another"))


def test_a_name_that_leads_out_of_the_backup_is_refused(tmp_path: Path) -> None:
    for path in ("../control.db", "/etc/passwd", "channels/../../x", "lock", "channels//x"):
        (tmp_path / manifest.NAME).write_text(
            '{"format": 1, "program": "1", "at": 1, "schemas": {}, "left_out": [],'
            f' "files": [{{"path": "{path}", "size": 1, "sha256": ""}}]}}'
        )
        with pytest.raises(StoreError, match="outside"):
            manifest.read(tmp_path)


async def test_the_newest_of_several_backups_is_found(tmp_path: Path) -> None:
    await filled(tmp_path / "data")
    for name in ("20260101", "20260102"):
        list(back_up(tmp_path / "data", tmp_path / "all" / name))
    (tmp_path / "all" / "20260103").mkdir()
    assert manifest.newest(tmp_path / "all") == tmp_path / "all" / "20260102"
    assert manifest.newest(tmp_path / "nowhere") is None
    with pytest.raises(StoreError, match=r"newest one in it is .*20260102"):
        manifest.read(tmp_path / "all")
