"""Backups that the bot takes by itself, and the newest good copy of one file out of them."""

import asyncio
import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from bot import manifest
from bot.backup import back_up
from bot.care_sections import BackupSettings
from core.errors import StoreError
from core.state.backup import to_disk
from core.state.damaged import LastGood

log = structlog.get_logger(__name__)

_STAMP = "%Y%m%dT%H%M%SZ"
_OURS = re.compile(r"\d{8}T\d{6}Z")
_LONGEST_WAIT_S = 86_400.0


async def keep_backed_up(settings: BackupSettings, root: Path) -> None:
    """Back up whenever it is time, for ever. What fails is told in the log and tried again."""
    while True:
        wait_s = await asyncio.to_thread(_due_in, settings)
        if wait_s > 0:
            await asyncio.sleep(min(wait_s, _LONGEST_WAIT_S))
            continue
        try:
            await asyncio.to_thread(_taken, settings, root)
        except StoreError as error:
            log.error("a backup has failed", error=str(error))
            await asyncio.sleep(min(settings.every_hours * 3600, 3600.0))


def last_good(folder: Path | None) -> LastGood:
    """The newest copy of a file in the backups of a folder (None: there are none)."""

    def find(place: str, target: Path) -> float | None:
        for one in _newest_first(folder) if folder is not None else ():
            try:
                found = manifest.read(one)
                file = next((file for file in found.files if file.path == place), None)
                if file is None:
                    continue
                shutil.copyfile(one / place, target, follow_symlinks=False)
                if _sha256(target) == file.sha256:
                    to_disk(target)
                    return found.at
            except (StoreError, OSError) as error:
                log.warning("a backup cannot be used", backup=str(one), error=str(error))
            target.unlink(missing_ok=True)
        return None

    return find


def _taken(settings: BackupSettings, root: Path) -> None:
    folder = settings.dir / time.strftime(_STAMP, time.gmtime())
    try:
        for line in back_up(root, folder):
            log.info("a backup is made", finding=line)
    finally:
        _thin_out(settings)


def _thin_out(settings: BackupSettings) -> None:
    """Remove what is older than the newest `keep`, and what was never finished."""
    whole = list(_newest_first(settings.dir))
    halves = [one for one in _ours(settings.dir) if (one / manifest.UNFINISHED).exists()]
    for one in (*whole[settings.keep :], *halves):
        shutil.rmtree(one, ignore_errors=True)


def _due_in(settings: BackupSettings) -> float:
    """Seconds until the next one; the newest one's time is in its name's manifest."""
    for one in _newest_first(settings.dir):
        try:
            age = time.time() - manifest.read(one).at
        except StoreError:
            continue
        return settings.every_hours * 3600 - age if age >= 0 else 0.0
    return 0.0


def _newest_first(folder: Path) -> Iterator[Path]:
    # One of a time that is still to come was made before the clock was set back.
    now = time.strftime(_STAMP, time.gmtime())
    found = sorted(_ours(folder), key=lambda one: (one.name <= now, one.name), reverse=True)
    return (one for one in found if manifest.is_backup(one))


def _ours(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if _OURS.fullmatch(one.name)]
    except OSError:
        return []


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
