"""One SQLite file: a connection to write, one to read, migrations. Knows no tables."""

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from core.errors import DamagedFile, DiskFull, NewerDatabase, StoreError, UnusableFile
from core.state.blank import prepare_new, put_blank, run_scripts
from core.state.connection import Connection, SharedConnection
from core.state.faults import FAULTS, is_of_a_row, of_the_world, translate, words
from core.state.migration import keep_before
from core.state.place import Displaced, Place

T = TypeVar("T")
Transaction = sqlite3.Connection

# A connection with what it has prepared takes a third of a megabyte; to open one, a millisecond.
_READER_IDLE_S = 5.0


def _transact(function: Callable[[Transaction], T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = function(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _snapshot(function: Callable[[Transaction], T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN")
    try:
        return function(connection)
    finally:
        # SQLite has ended it by itself if the disk failed.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _prepare(
    path: Path,
    application_id: int,
    migrations: tuple[str, ...],
    first: Callable[[Transaction], object] | None,
    connection: sqlite3.Connection,
) -> None:
    """Set the connection up and bring the file to the newest version, or raise StoreError."""
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA foreign_keys = ON")
    # Not every build of SQLite does it by itself.
    connection.execute("PRAGMA secure_delete = ON")
    version = known_version(path, application_id, len(migrations), connection)
    if not version:
        prepare_new(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Pages it has seen stay up to this many KB: the system's cache has them as well, and with
    # SQLite's own 2,000 a thousand busy channels would grow for hours.
    connection.execute("PRAGMA cache_size = -64")
    # A thousand channels may be open: their logs should not take gigabytes.
    connection.execute("PRAGMA wal_autocheckpoint = 400")
    if version < len(migrations):
        if version > 0:
            keep_before(path, version, connection)
        _transact(partial(_migrate, application_id, migrations, first), connection)


def known_version(
    path: Path, application_id: int, newest: int, connection: sqlite3.Connection
) -> int:
    """The version of a file of ours; 0 for an empty one, with a minus for one that has only its
    tables yet. Raises StoreError, NewerDatabase."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if found != application_id and (found or tables):
        raise UnusableFile(f"{path} is an SQLite file of another program; it was left untouched")
    if version > newest:
        raise NewerDatabase(
            f"{path} has version {version}, this program knows {newest}: "
            "start the newer program, or restore a backup; the file was left untouched"
        )
    return version


def _migrate(
    application_id: int,
    migrations: tuple[str, ...],
    first: Callable[[Transaction], object] | None,
    connection: sqlite3.Connection,
) -> None:
    # Read again inside the transaction: another process may have migrated meanwhile.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    run_scripts(connection, migrations[abs(version) :])
    if version <= 0 and first is not None:
        first(connection)
    connection.execute(f"PRAGMA application_id = {application_id:d}")
    connection.execute(f"PRAGMA user_version = {len(migrations):d}")


def _of_the_disk(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room on the disk for {path.name}: {error.strerror}")
    return StoreError(f"{path.name} cannot be made: {error.strerror}")


class Database:
    """One SQLite file in WAL mode. `write` is serialised, `read` never waits for a write.

    Functions given to `read` and `write` run on a thread of the file and must be synchronous,
    must not block on anything but the file, and must not end the transaction themselves.
    """

    def __init__(
        self,
        path: Path,
        writer: Connection,
        opened: Callable[[], Awaitable[Connection]],
        place: Place | None,
    ) -> None:
        self.path = path
        self._writer = writer
        self._opened = opened
        self._place = place
        # Puts the file back, while that is done; what was put back has to be opened again.
        self._returning: asyncio.Task[None] | None = None
        self._reopen = False
        self._reader: asyncio.Task[Connection] | None = None
        self._reading = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        application_id: int,
        migrations: tuple[str, ...],
        first: Callable[[Transaction], object] | None = None,
        *,
        never_empty: bool = False,
        held: Callable[[], object] | None = None,
    ) -> "Database":
        """Open or create the file, migrated to the newest version. Raises StoreError; DamagedFile
        for an empty one if it is known that those that were made are `never_empty`.

        `first` writes what a new file begins with. Before a file is migrated it is copied: see
        core.state.migration. With `held` the file is put back, whole, where it is removed or
        replaced while it is open: see core.state.place.
        """
        there = partial(_there, path, application_id, migrations, never_empty)
        prepare = partial(_prepare, path, application_id, migrations, first)
        place = None if held is None else Place(path, held)
        opened = partial(_opened, path, there, prepare, place)
        return cls(path, await opened(), opened, place)

    async def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` in one write transaction: all of it is kept, or nothing.

        Cancelling the caller does not stop a transaction that is already queued.
        """
        return await self._in_place(
            lambda: self._guarded(self._writer, self._checked(partial(_transact, function)))
        )

    async def read(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` on one consistent view, which holds every write that has returned."""
        return await self._in_place(lambda: self._read(function))

    async def _read(self, function: Callable[[Transaction], T]) -> T:
        if self._closed:
            raise ValueError("the file is closed")
        if self._reader is None:
            self._reader = asyncio.create_task(self._open_reader(), name="open reader")
        self._reading += 1
        self._rest()
        try:
            reader = await asyncio.shield(self._reader)
            return await self._guarded(reader, partial(_snapshot, function))
        finally:
            self._reading -= 1
            self._rest()

    async def look(self, function: Callable[[Transaction], T]) -> T:
        """`read` for a few rows: behind the writes before it, without a second connection."""
        return await self._in_place(
            lambda: self._guarded(self._writer, partial(_snapshot, function))
        )

    async def run(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` among the writes, outside any transaction (VACUUM, backup)."""
        return await self._in_place(lambda: self._guarded(self._writer, self._checked(function)))

    async def close(self) -> None:
        """Finish what is queued and close the file. Calls made later raise ValueError."""
        if self._place is not None and not self._closed:
            with suppress(StoreError):  # then what was written since it was displaced is lost
                await self.run(_nothing)
        self._closed = True
        self._rest()
        self._let_reader_go()
        if self._closing is not None:
            await self._closing
        await self._writer.close()

    async def _in_place(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work on the file in its place; where it is not there, put it back first."""
        while True:
            if self._reopen or self._returning is not None:
                await self._put_back()
            try:
                return await work()
            except Displaced:
                await self._put_back()

    async def _put_back(self) -> None:
        if self._returning is None:
            self._returning = asyncio.create_task(self._return(), name="put back")
            self._returning.add_done_callback(_seen)
        await asyncio.shield(self._returning)

    async def _return(self) -> None:
        """Put the file back, and open what stands there then. Raises StoreError."""
        place = self._place
        assert place is not None
        try:
            if not self._reopen and not await self._writer.run(lambda _: place.stands()):
                await self._guarded(self._writer, place.put_back)
                self._reopen = True
            if self._reopen:
                # All that knew the old file goes first: SQLite takes its log away by its name.
                self._let_reader_go()
                if self._closing is not None:
                    await self._closing
                await self._writer.close()
                self._writer = await self._opened()
                self._reopen = False
        finally:
            self._returning = None

    def _checked(
        self, function: Callable[[sqlite3.Connection], T]
    ) -> Callable[[sqlite3.Connection], T]:
        place = self._place
        if place is None:
            return function

        def work(connection: sqlite3.Connection) -> T:
            place.check()
            return function(connection)

        return work

    def _rest(self) -> None:
        """Let the reader go after a while, unless somebody reads by then."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if not self._closed and not self._reading:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(_READER_IDLE_S, self._let_reader_go)

    def _let_reader_go(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            before = self._closing
            self._closing = asyncio.create_task(_closed(reader, before), name="close reader")

    async def _open_reader(self) -> Connection:
        try:
            reader = await connect(self.path, _ready if self._place is None else self._place.check)
            try:
                await reader.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
            except FAULTS as error:
                await reader.close()
                raise translate(self.path, error) from error
        except BaseException:
            # The next read tries again.
            self._reader = None
            raise
        return reader

    async def _guarded(
        self, connection: Connection, function: Callable[[sqlite3.Connection], T]
    ) -> T:
        try:
            return await connection.run(function)
        except FAULTS as error:
            if of_the_world(error):
                raise translate(self.path, error) from error
            if is_of_a_row(error):
                # A bug to whoever reads the row, but what was said does not go into the log.
                raise sqlite3.OperationalError(words(error)) from None
            raise


async def _closed(reader: asyncio.Task[Connection], before: asyncio.Task[None] | None) -> None:
    with suppress(StoreError):
        await (await reader).close()
    if before is not None:
        await before


def _there(path: Path, application_id: int, migrations: tuple[str, ...], never_empty: bool) -> None:
    try:
        empty = not put_blank(path, application_id, migrations)
    except OSError as error:
        raise _of_the_disk(path, error) from error
    if empty and never_empty:
        raise DamagedFile(f"{path} is empty")


def _ready() -> None:
    """The file is there."""


def _nothing(_: sqlite3.Connection) -> None:
    """Only what comes before it."""


def _seen(returning: asyncio.Task[None]) -> None:
    if not returning.cancelled():
        returning.exception()  # theirs who wait for it, who may be gone


async def _opened(
    path: Path,
    there: Callable[[], None],
    prepare: Callable[[sqlite3.Connection], None],
    place: Place | None,
) -> Connection:
    writer = await connect(path, there)
    try:
        await writer.run(prepare)
        if place is not None:
            await writer.run(place.opened)
    except FAULTS as error:
        await writer.close()
        raise translate(path, error) from error
    except BaseException:
        await writer.close()
        raise
    return writer


async def _on_shared_threads(path: Path, before: Callable[[], None]) -> Connection:
    try:
        return await SharedConnection.connect(path, before)
    except FAULTS as error:
        raise translate(path, error) from error


# The one place where a file gets its threads; the function is run before it is opened. The
# simulation puts its own disk here, whose functions run on the loop, in an order and with faults
# that a seed decides.
connect: Callable[[Path, Callable[[], None]], Awaitable[Connection]] = _on_shared_threads
