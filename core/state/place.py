"""Whether an open file is where it was opened, and how it gets back there. Knows no tables."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import structlog

from core.errors import StoreError
from core.state.faults import FAULTS, translate

log = structlog.get_logger(__name__)


class Displaced(Exception):
    """Another file stands in the place of the one that is open or of its log, or none: what is
    written would be gone when it is closed."""


class Place:
    """Where an open file is to be found, once `opened` says so. `held` raises StoreError where
    that is no more ours.

    All of it blocks.
    """

    def __init__(self, path: Path, held: Callable[[], object]) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._held = held
        self._files: tuple[object, object] = (None, None)
        self._told = False

    def opened(self, connection: sqlite3.Connection) -> None:
        """What is there now is open as this connection."""
        # Its log is made when it is first read.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._files = self._found()
        # Some file systems give a file another number each time: then they tell nothing.
        self._told = self._files == self._found()

    def check(self) -> None:
        """Raise Displaced if the file is not there. Costs some microseconds."""
        if not self.stands():
            raise Displaced

    def stands(self) -> bool:
        """Whether the file is there, and its log; also where that cannot be seen."""
        try:
            return not self._told or self._found() == self._files
        except OSError:
            return True

    def _found(self) -> tuple[object, object]:
        return identity(self._path), identity(self._log)

    def put_back(self, opened: sqlite3.Connection) -> None:
        """Put all that `opened` holds in its place again, and set aside what stands there. From
        then on `opened` is to be closed, before anybody opens the file that is there now.

        Raises StoreError; then nothing is lost, and it may be tried again.
        """
        coming = self._path.with_name(f"{self._path.name}.coming")
        try:
            self._held()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _copy(opened, coming)
            aside = self._set_aside()
            coming.rename(self._path)
            _to_disk(self._path.parent)
        except FAULTS as error:
            raise translate(coming, error) from error
        except OSError as error:
            raise StoreError(
                f"{self._path.name} was removed while it was in use, and cannot be put back: "
                f"{error.strerror}"
            ) from error
        log.error(
            "a file was removed or replaced while it was in use; it is back, with all it held",
            file=str(self._path),
            aside=None if aside is None else str(aside),
        )

    def _set_aside(self) -> Path | None:
        """Make room, also beside it: what is left of a log must not be taken for the new file's."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self._path.with_name(f"{self._path.name}.replaced-{stamp}-{time.monotonic_ns()}")
        file, log = self._found()
        with suppress(FileNotFoundError):
            self._path.with_name(f"{self._path.name}-shm").unlink()
        if log is not None and log != self._files[1]:
            self._log.rename(aside.with_name(f"{aside.name}-wal"))
        elif log is not None:
            self._log.unlink()
        # A link that leads nowhere is in the way as well.
        if file == self._files[0] or not os.path.lexists(self._path):
            return None
        self._path.rename(aside)
        return aside


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there, None if there is none. Blocks. Raises OSError."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _copy(opened: sqlite3.Connection, coming: Path) -> None:
    with suppress(FileNotFoundError):
        coming.unlink()
    with closing(sqlite3.connect(coming, isolation_level=None)) as made:
        opened.backup(made)
        # One file, without a log beside it.
        made.execute("PRAGMA journal_mode = DELETE")
    _to_disk(coming)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
