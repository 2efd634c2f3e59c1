import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from bot import manifest
from bot.backup import back_up
from bot.restore import restore
from core.errors import StoreError
from core.state.channels import Channels
from core.state.control import Control
from tests.bot.stored import GENERAL, OTHER, a_job_at_work, add, filled, left, read


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup of a data directory with two channels."""
    await filled(tmp_path / "first")
    list(back_up(tmp_path / "first", tmp_path / "backup"))
    return tmp_path / "backup"


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a lock that nobody holds"])
async def test_a_backup_is_restored_where_nothing_is(
    backup: Path, tmp_path: Path, there: str
) -> None:
    root = tmp_path / "data"
    if there != "nothing":
        root.mkdir()
    if there.startswith("a lock"):
        (root / "lock").touch()
    said = list(restore(backup, root, replace=False))
    assert "restored the backup of" in said[0]
    assert len(said) == 1
    assert await read(root, GENERAL) == ["of general"]
    assert await read(root, OTHER) == ["of other"]
    control = await Control.open(root)
    assert set(await control.unfinished()) == {GENERAL, OTHER}
    await control.close()
    assert not left(tmp_path, "data.*")


async def test_what_is_there_is_kept_unless_it_is_to_be_replaced_and_then_set_aside(
    backup: Path, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    await filled(root)
    channels = Channels(root)
    await channels.write(GENERAL, add("later"))
    await channels.close()
    with pytest.raises(StoreError, match="--replace"):
        list(restore(backup, root, replace=False))
    assert "later" in await read(root, GENERAL)
    said = list(restore(backup, root, replace=True))
    assert await read(root, GENERAL) == ["of general"]
    (aside,) = left(tmp_path, "data.before-*")
    assert str(aside) in said[1]
    assert "later" in await read(aside, GENERAL)


async def test_nothing_is_restored_under_a_running_bot(backup: Path, tmp_path: Path) -> None:
    control = await Control.open(tmp_path / "data")
    try:
        with pytest.raises(StoreError, match=f"pid {os.getpid()}"):
            list(restore(backup, tmp_path / "data", replace=True))
    finally:
        await control.close()


@pytest.mark.parametrize("harm", ["changed", "gone", "a link", "an old manifest"])
async def test_a_backup_that_is_not_what_it_was_is_refused_whole(
    backup: Path, tmp_path: Path, harm: str
) -> None:
    path = backup / "channels" / "web" / "local" / "other.db"
    match harm:
        case "changed":
            content = bytearray(path.read_bytes())
            content[5000] ^= 1
            path.write_bytes(content)
        case "gone":
            path.unlink()
        case "a link":
            path.rename(tmp_path / "elsewhere.db")
            path.symlink_to(tmp_path / "elsewhere.db")
        case _:
            text = (backup / manifest.NAME).read_text()
            (backup / manifest.NAME).write_text(text.replace('"channel": 1', '"channel": 99'))
    with pytest.raises(StoreError, match=r"other\.db|newer program"):
        list(restore(backup, tmp_path / "data", replace=False))
    assert not left(tmp_path, "data*")


async def test_a_job_goes_on_in_the_workspace_that_it_had(tmp_path: Path) -> None:
    await filled(tmp_path / "first")
    id = await a_job_at_work(tmp_path / "first")
    workspace = tmp_path / "first" / "jobs" / id / "workspace"
    (workspace / "deep").mkdir(parents=True)
    (workspace / "deep" / "a.sh").write_text("echo hi")
    (workspace / "deep" / "a.sh").chmod(0o751)
    (workspace / "out").symlink_to("/etc")
    list(back_up(tmp_path / "first", tmp_path / "backup"))
    list(restore(tmp_path / "backup", tmp_path / "data", replace=False))
    found = tmp_path / "data" / "jobs" / id / "workspace"
    assert (found / "deep" / "a.sh").read_text() == "echo hi"
    assert (found / "deep" / "a.sh").stat().st_mode & 0o777 == 0o751
    assert (tmp_path / "data" / "jobs" / id / "job.db").is_file()
    assert not list((tmp_path / "data").rglob("*.tar"))


ROOT = Path(__file__).parents[2]
_KILLED = """
import os, signal, sys
from pathlib import Path
from bot import restore
real = os.fsync
left = int(sys.argv[3])
def fsync(handle):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)
os.fsync = fsync
list(restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), replace=True))
"""


@pytest.mark.parametrize("after", [0, 2, 4, 6, 8])
async def test_killed_anywhere_it_leaves_the_old_or_the_new_and_never_half(
    backup: Path, tmp_path: Path, after: int
) -> None:
    root = tmp_path / "data"
    await filled(root)
    channels = Channels(root)
    for ref in (GENERAL, OTHER):
        await channels.write(ref, add("later"))
    await channels.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, str(backup), str(root), str(after), cwd=ROOT
    )
    assert await process.wait() in (0, -signal.SIGKILL)
    later = ["later" in await read(root, ref) for ref in (GENERAL, OTHER)]
    assert later in ([True, True], [False, False])
    control = await Control.open(root)
    assert len(await control.every()) == 2
    await control.close()
