"""A disk for the simulation: real SQLite files, whose functions run on the loop after a delay that
a seed decides, and whose statements fail when it says so. Knows no tables."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from core.messages import ChannelRef
from core.state.channels import _name
from core.state.database import _prepare
from core.state.faults import translate
from core.state.schema import (
    CHANNEL_APPLICATION_ID,
    CONTROL_APPLICATION_ID,
    channel_migrations,
    control_migrations,
)
from core.subagents.journal import JOB_APPLICATION_ID, job_migrations
from tests.simulation.loop import SimulatedLoop, settle

T = TypeVar("T")

FAULTS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
# What every connection begins with, and the way out of a transaction that has failed.
_SPARED = ("PRAGMA", "ROLLBACK")


class _File(sqlite3.Connection):
    """A file whose statements ask the disk first."""

    disk: "Disk"
    path: Path
    name: str
    changes: int

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        self.disk.statement(self.path, sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        self.disk.statement(self.path, sql)
        return super().executemany(sql, parameters)


@cache
def _as_made(name: str) -> bytes:
    """A new file of that name, as the program makes it."""
    id, migrations, first = JOB_APPLICATION_ID, job_migrations(), None
    if name == "control.db":
        id, migrations = CONTROL_APPLICATION_ID, control_migrations()
    elif name != "job.db":
        _, platform, workspace, channel = Path(name).with_suffix("").parts
        ref = ChannelRef(platform=platform, workspace=workspace, channel=channel)
        id, migrations, first = CHANNEL_APPLICATION_ID, channel_migrations(), partial(_name, ref)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            _prepare(path, id, migrations, first, file)
        return path.read_bytes()


class Disk:
    """All files under `root`, which outlive every process that uses them.

    `trouble` is how likely a statement fails just now. `made`: new files have their tables already,
    which saves most of a short life. `watch` is shown each file after what was done to it; `trace`
    is told of each use.
    """

    def __init__(self, root: Path, chance: Random, trace: Callable[[str], None]) -> None:
        self.root = root
        self.trouble = 0.0
        self.made = True
        self.struck = 0
        self.watch: Callable[[Path, sqlite3.Connection], None] = lambda path, file: None
        self._chance = chance
        self._trace = trace
        self._open: list[_File] = []

    async def connect(self, path: Path, before: Callable[[], None]) -> "Drive":
        """In the place of core.state.database.connect. Raises StoreError. It has new files of its
        own, so `before` has nothing to do.
        """
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        drive = Drive(self, path, loop)
        try:
            await drive.open()
        except sqlite3.Error as error:
            raise translate(path, error) from error
        return drive

    def statement(self, path: Path, sql: str) -> None:
        """A statement is about to run. Raises OperationalError."""
        if self.trouble and not sql.startswith(_SPARED) and self._chance.random() < self.trouble:
            self.struck += 1
            code = self._chance.choice(FAULTS)
            self._trace(f"fault {code} at {path.name}: {sql.split(' (', 1)[0][:40]}")
            error = sqlite3.OperationalError(f"made up: {code}")
            error.sqlite_errorcode = code
            raise error

    def opened(self, path: Path) -> _File:
        """A connection of its own to the file."""
        name = str(path.relative_to(self.root))
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.made and not path.exists():
            path.write_bytes(_as_made(path.name if path.name == "job.db" else name))
        file = sqlite3.connect(path, isolation_level=None, cached_statements=256, factory=_File)
        file.disk, file.path, file.name, file.changes = self, path, name, 0
        self._open.append(file)
        return file

    def closed(self, file: _File) -> None:
        """The connection is needed no more."""
        self._open.remove(file)
        file.close()

    def used(self, file: _File) -> None:
        """Something was done to the file."""
        changes = file.total_changes
        self._trace(f"used {file.name} {changes}")
        if changes != file.changes:
            file.changes = changes
            trouble, self.trouble = self.trouble, 0.0
            self.watch(file.path, file)
            self.trouble = trouble

    @property
    def open_files(self) -> list[str]:
        """The names of the files that are open."""
        return sorted(file.name for file in self._open)

    def crash(self) -> None:
        """Let go of the files, and of the lock on the folder, as the kernel does."""
        for file in self._open:
            file.close()
        self._open.clear()
        for number in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # the one that lists them
                if number.readlink() == self.root / "lock":
                    os.close(int(number.name))


class Drive:
    """Implements core.state.database.Connection on the loop: one function after another."""

    def __init__(self, disk: Disk, path: Path, loop: SimulatedLoop) -> None:
        self._disk = disk
        self._path = path
        self._loop = loop
        self._free = 0.0
        self._file: _File | None = None
        self._closed = False

    async def open(self) -> None:
        """Open the file. Raises sqlite3.Error."""
        self._file = await self._later(lambda: self._disk.opened(self._path))

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """See Connection."""
        if self._closed or self._file is None:
            raise ValueError("Connection closed")
        file = self._file

        def work() -> T:
            found = function(file)
            self._disk.used(file)
            return found

        return await self._later(work)

    async def close(self) -> None:
        """See Connection."""
        if self._file is not None and not self._closed:
            file, self._closed = self._file, True
            await self._later(lambda: self._disk.closed(file))

    async def _later(self, work: Callable[[], T]) -> T:
        """Behind all that this connection has to do, and to the end whoever gives up waiting."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._free = max(self._free, self._loop.time()) + self._loop.hop_s() + 1e-6
        self._loop.call_at(self._free, settle, future, work)
        return await future
