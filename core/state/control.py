"""control.db and the lock on the data directory. Knows which channels may have unfinished work."""

import asyncio
import fcntl
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

import structlog

from core.errors import StoreError
from core.messages import ChannelRef
from core.state import rebuild
from core.state.backup import FileKind
from core.state.damaged import LastGood, no_copies
from core.state.database import Database, Transaction
from core.state.place import identity
from core.state.reading import reading, writing
from core.state.schema import CONTROL_APPLICATION_ID, control_migrations

log = structlog.get_logger(__name__)

_KIND = FileKind(application_id=CONTROL_APPLICATION_ID, newest=len(control_migrations()))
_DEAD_S = 5.0
_AGAIN_S = 0.02


class Control:
    """The one owner of a data directory. The index is only a hint: a mark may be needless, but
    no channel with unfinished work lacks it.

    `database` is control.db; others keep tables of their own in it.
    """

    def __init__(self, database: Database, lock: "_Lock") -> None:
        self.database = database
        self._lock = lock
        self._marked: set[ChannelRef] = set()
        # When each channel was last given work, and by how many it is being given some.
        self._given: dict[ChannelRef, int] = {}
        self._giving: Counter[ChannelRef] = Counter()
        self._moments = count(1)

    @classmethod
    async def open(cls, root: Path, last_good: LastGood = no_copies) -> "Control":
        """Take the data directory. Raises StoreError when another bot has it, naming its pid.

        A control.db that is damaged or gone is rebuilt: from the last good copy, and from the
        channels' files.
        """
        lock = await asyncio.to_thread(_Lock, root)
        try:
            found = await asyncio.to_thread(_rebuilt, root, last_good)
            database = await Database.open(
                root / "control.db", CONTROL_APPLICATION_ID, control_migrations(), held=lock.hold
            )
        except BaseException:
            lock.release()
            raise
        control = cls(database, lock)
        if found:
            await database.write(partial(_mark_all, refs=found))
        return control

    async def close(self) -> None:
        """Close control.db and let the data directory go."""
        try:
            await self.database.close()
        finally:
            self._lock.release()

    def hold(self) -> None:
        """Return when the data directory is this bot's, also where its lock was removed. Blocks.
        Raises StoreError when another bot has it."""
        self._lock.hold()

    async def mark(self, ref: ChannelRef) -> None:
        """Note that the channel is about to get unfinished work; free when it is noted already."""
        if ref in self._marked:
            return
        await self.database.write(partial(_mark, ref=ref))
        self._marked.add(ref)

    @asynccontextmanager
    async def giving(self, ref: ChannelRef) -> AsyncIterator[None]:
        """For who gives the channel work: it is marked, and stays so until the work is written,
        which is at the context's end. Raises StoreError."""
        self._giving[ref] += 1
        self._given[ref] = next(self._moments)
        try:
            await self.mark(ref)
            yield
        finally:
            self._giving[ref] -= 1
            if not self._giving[ref]:
                del self._giving[ref]

    def given(self, ref: ChannelRef) -> int:
        """The moment at which the channel was last given work: see `clear`."""
        return self._given.get(ref, 0)

    async def clear(self, ref: ChannelRef, given: int) -> None:
        """Note that the channel has no unfinished work, as somebody saw who had asked for `given`
        before looking. Without effect if it was given some since, or is being given some: that
        relies on the mark, and may not have been there to be seen."""
        if ref in self._giving or self.given(ref) != given:
            return
        self._given.pop(ref, None)
        self._marked.discard(ref)
        await self.database.write(
            lambda tx: tx.execute(
                "UPDATE channels SET unfinished = 0"
                " WHERE platform = ? AND workspace = ? AND channel = ?",
                (ref.platform, ref.workspace, ref.channel),
            )
        )

    async def unfinished(self) -> tuple[ChannelRef, ...]:
        """The channels that may have unfinished work."""
        return await _refs(self.database, "unfinished = 1")

    async def every(self) -> tuple[ChannelRef, ...]:
        """All channels that were ever marked."""
        return await _refs(self.database, "1")

    async def known(self, platform: str) -> tuple[ChannelRef, ...]:
        """All channels of a platform that were ever marked."""
        return await _refs(self.database, "platform = ?", platform)


def mark_from_outside(root: Path, ref: ChannelRef) -> None:
    """`Control.mark` for a program beside the bot, or without one. Blocks. Raises StoreError."""
    path = root / "control.db"
    with writing(path, CONTROL_APPLICATION_ID, len(control_migrations())) as tx:
        _mark(tx, ref)


def known_channels(root: Path) -> tuple[ChannelRef, ...]:
    """All channels of a data directory, also while a bot owns it. Blocks. Raises StoreError."""
    path = root / "control.db"
    try:
        path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    with reading(path, CONTROL_APPLICATION_ID, len(control_migrations())) as tx:
        return _all(tx, "1")


def owner(root: Path) -> str | None:
    """The pid of the bot that has the data directory, None if none has it. Blocks.

    Raises OSError when that cannot be found out.
    """
    try:
        lock = os.open(root / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(lock)
    finally:
        os.close(lock)
    return None


def _rebuilt(root: Path, last_good: LastGood) -> tuple[ChannelRef, ...]:
    """Make room for a new control.db if the old one is lost; returns the channels to mark then."""
    reason = rebuild.lost(root, _KIND)
    if not reason:
        return ()
    try:
        aside, since = rebuild.clear_away(root, last_good)
        found = rebuild.channels_of(root)
    except OSError as error:
        raise StoreError(f"control.db is lost ({reason}) and cannot be rebuilt: {error}") from error
    log.error(
        "control.db was lost: channels and unfinished work are found by the channels' files; "
        "who was let in and what was spent are those of the backup"
        if since is not None
        else "control.db was lost: channels and unfinished work are found by the channels' files; "
        "there is no backup, so who was let in by a code has to be let in again, and what was "
        "spent is counted from nothing",
        reason=reason,
        channels=len(found),
        aside=str(aside) if aside else None,
        backup=None if since is None else datetime.fromtimestamp(since, UTC).isoformat(),
    )
    return found


def _mark_all(tx: Transaction, *, refs: tuple[ChannelRef, ...]) -> None:
    for ref in refs:
        _mark(tx, ref)


def _mark(tx: Transaction, ref: ChannelRef) -> None:
    tx.execute(
        "INSERT INTO channels VALUES (?, ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET unfinished = 1 WHERE unfinished = 0",
        (ref.platform, ref.workspace, ref.channel),
    )


async def _refs(database: Database, condition: str, *parameters: str) -> tuple[ChannelRef, ...]:
    return await database.read(lambda tx: _all(tx, condition, *parameters))


def _all(tx: Transaction, condition: str, *parameters: str) -> tuple[ChannelRef, ...]:
    query = f"SELECT platform, workspace, channel FROM channels WHERE {condition}"  # noqa: S608 - constants
    return tuple(
        ChannelRef(platform=platform, workspace=workspace, channel=channel)
        for platform, workspace, channel in tx.execute(query, parameters)
    )


class _Lock:
    """The lock on a data directory, which is taken when this is made. Raises StoreError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handle = _take(root)

    def hold(self) -> None:
        """See Control."""
        ours = os.fstat(self._handle)
        if identity(self._root / "lock") != (ours.st_dev, ours.st_ino):
            taken = _take(self._root)
            os.close(self._handle)
            self._handle = taken

    def release(self) -> None:
        """Let the data directory go."""
        os.close(self._handle)


def _take(root: Path) -> int:
    """Lock the data directory for as long as the descriptor is open, also across a SIGKILL."""
    path = root / "lock"
    try:
        # Other people of this machine have no business in it. One that exists is its owner's.
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"{root} cannot be used as the data directory: {error.strerror}; "
            "set [bot] data_dir to a folder that can be written"
        ) from error
    if not _locked(lock):
        other = _named(lock)
        os.close(lock)
        raise StoreError(
            f"another bot (pid {other}) is using {root}: "
            "stop it, or set [bot] data_dir to another folder"
        )
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def _locked(lock: int) -> bool:
    """Take the lock, or say that another has it. Blocks.

    A child that a killed bot was just starting shares the lock until it is a program of its own,
    which on a busy machine takes a while. The kernel tells nobody when that is.
    """
    patience = time.monotonic() + _DEAD_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > patience or not _is_dead(_named(lock)):
                return False
            time.sleep(_AGAIN_S)
        else:
            return True


def _is_dead(pid: str) -> bool:
    try:
        state = Path("/proc", pid, "stat").read_text("utf-8", "replace").rpartition(")")[2]
    except FileNotFoundError:
        return pid.isdigit() and Path("/proc/self").exists()
    except OSError:
        return False
    return state.split()[:1] in (["Z"], ["X"])


def _named(lock: int) -> str:
    return os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
