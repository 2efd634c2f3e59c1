"""`thaw backup`: all that the bot keeps, copied while it runs. Restores nothing."""

import os
import shutil
import sqlite3
import stat
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO, cast

import bot
from bot import manifest
from bot.manifest import Kept, Manifest
from core.errors import StoreError
from core.records import jobs
from core.state.backup import FileKind, copy_database, to_disk
from core.state.faults import FAULTS, words
from core.state.schema import (
    CHANNEL_APPLICATION_ID,
    CONTROL_APPLICATION_ID,
    channel_migrations,
    control_migrations,
)
from core.subagents.journal import FILE_NAME, JOB_APPLICATION_ID, job_migrations
from core.subagents.workspace import FOLDER_NAME

KINDS = {
    "channel": FileKind(application_id=CHANNEL_APPLICATION_ID, newest=len(channel_migrations())),
    "control": FileKind(application_id=CONTROL_APPLICATION_ID, newest=len(control_migrations())),
    "job": FileKind(application_id=JOB_APPLICATION_ID, newest=len(job_migrations())),
}
WORKSPACE = "workspace.tar"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def back_up(root: Path, folder: Path) -> Iterator[str]:
    """Copy the data directory `root` into `folder`, which must be new or empty; yields what to
    tell. Blocks.

    Raises StoreError when there is no backup; and after it was made, naming the channels that
    are damaged and were left out.
    """
    begun = time.monotonic()
    if not root.is_dir():
        raise StoreError(f"there is nothing to back up: {root} is no folder")
    try:
        _begin(root, folder)
        made = _Backup(root, folder)
        made.channels()
        # After the channels: what they hold was paid for, and the accounts must know of it.
        made.control()
        found = made.end()
    except OSError as error:
        raise StoreError(f"the backup in {folder} could not be made: {error}") from error
    took = time.monotonic() - begun
    yield (
        f"backed up into {folder}: channels: {made.count}, unfinished jobs: {made.running}, "
        f"{found.size / 1e6:.1f} MB in {took:.1f} s"
    )
    if found.left_out:
        raise StoreError("\n".join(["the backup stands, but this was left out:", *found.left_out]))


class _Backup:
    """One backup that is being made."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._at = time.time()
        self._files: list[Kept] = []
        self._left_out: list[str] = []
        self.count = self.running = 0

    def channels(self) -> None:
        """Each channel's file, and then what its unfinished jobs need: so that each job that it
        says has begun is there, at this moment or a later one."""
        for path in sorted((self._root / "channels").glob("*/*/*.db")):
            target = self._copied(path, "channel")
            if target is None:
                continue
            self.count += 1
            for id in self._at_work(path, target):
                self._job(self._root / "jobs" / id)

    def _at_work(self, path: Path, target: Path) -> tuple[str, ...]:
        try:
            with closing(sqlite3.connect(target)) as connection:
                return jobs.at_work(connection)
        except FAULTS as error:
            self._left_out.append(f"{path}: its unfinished jobs cannot be read: {words(error)}")
            return ()

    def control(self) -> None:
        """The accounts and who was let in, with every channel marked: then no unfinished work of
        theirs is missed, whatever happened between the copies."""
        path = self._root / "control.db"
        if not path.exists():
            return
        target = self._folder / "control.db"
        copy_database(path, target, KINDS["control"])
        with closing(sqlite3.connect(target)) as connection, connection:
            connection.execute("UPDATE channels SET unfinished = 1")
        to_disk(target)
        self._files.append(manifest.kept(self._folder, target))

    def end(self) -> Manifest:
        """Make it a backup."""
        found = Manifest(
            program=bot.__version__,
            at=self._at,
            schemas={name: kind.newest for name, kind in KINDS.items()},
            files=tuple(self._files),
            left_out=tuple(self._left_out),
        )
        for place, _, _ in os.walk(self._folder):
            to_disk(Path(place))
        manifest.write(self._folder, found)
        return found

    def _copied(self, path: Path, kind: str) -> Path | None:
        """The copy; None when the file is left out."""
        target = self._folder / path.relative_to(self._root)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_database(path, target, KINDS[kind])
        except StoreError as error:
            if not path.exists():
                return None  # it went meanwhile
            if _no_room(self._folder):
                raise
            self._left_out.append(str(error))
            return None
        self._files.append(manifest.kept(self._folder, target))
        return target

    def _job(self, folder: Path) -> None:
        if not (folder / FILE_NAME).exists() or self._copied(folder / FILE_NAME, "job") is None:
            return
        self.running += 1
        if (folder / FOLDER_NAME).is_dir():
            target = self._folder / "jobs" / folder.name / WORKSPACE
            with tarfile.open(target, "w") as archive:
                _put(archive, folder / FOLDER_NAME)
            to_disk(target)
            self._files.append(manifest.kept(self._folder, target))


def _begin(root: Path, folder: Path) -> None:
    inner, outer = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    if inner.is_relative_to(outer):
        raise StoreError(f"{folder} is inside of the data directory {root}: choose another folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if manifest.is_backup(folder):
        raise StoreError(f"{folder} holds a backup already: name a new folder")
    if (folder / manifest.UNFINISHED).exists():
        # Ours, and never finished: nobody can want it.
        for name in ("channels", "jobs"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for path in [*folder.glob("control.db*"), *folder.glob(f"{manifest.NAME}*")]:
            path.unlink()
    elif any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty: name a new folder")
    (folder / manifest.UNFINISHED).touch()


def _no_room(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < 2**20


def _put(archive: tarfile.TarFile, workspace: Path) -> None:
    """A workspace as it is just now: a job may be writing, and go on from something else later.

    Through handles, and along no link: what runs there could lead a path anywhere meanwhile.
    """
    for place, folders, files, handle in os.fwalk(workspace, follow_symlinks=False):
        for name in sorted([*folders, *files]):
            inner = (Path(place).relative_to(workspace) / name).as_posix()
            with suppress(FileNotFoundError, PermissionError, _Moved):
                _put_one(archive, name, handle, inner)


class _Moved(Exception):
    """It is no longer what it was a moment ago."""


def _put_one(archive: tarfile.TarFile, name: str, handle: int, inner: str) -> None:
    found = os.stat(name, dir_fd=handle, follow_symlinks=False)
    info = tarfile.TarInfo(inner)
    info.mode, info.mtime = stat.S_IMODE(found.st_mode), found.st_mtime
    info.uid, info.gid = found.st_uid, found.st_gid
    if stat.S_ISDIR(found.st_mode):
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    elif stat.S_ISLNK(found.st_mode):
        info.type = tarfile.SYMTYPE
        info.linkname = os.readlink(name, dir_fd=handle)
        archive.addfile(info)
    elif stat.S_ISREG(found.st_mode):
        with os.fdopen(os.open(name, _READ, dir_fd=handle), "rb") as file:
            opened = os.fstat(file.fileno())
            if not os.path.samestat(opened, found):
                raise _Moved
            info.size = opened.st_size
            archive.addfile(info, cast(BinaryIO, _Sized(file, info.size)))


class _Sized:
    """A file that is as long as it was, whatever is done to it meanwhile."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int) -> bytes:
        """At most `size` bytes; zeros for what was cut off."""
        wanted = min(size, self._left)
        piece = self._file.read(wanted).ljust(wanted, b"\0")
        self._left -= wanted
        return piece
