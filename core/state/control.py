"""control.db and the lock on the data directory. Knows which channels may have unfinished work."""

import asyncio
import fcntl
import os
from pathlib import Path

from core.errors import StoreError
from core.messages import ChannelRef
from core.state.database import Database
from core.state.schema import CONTROL_APPLICATION_ID, control_migrations


class Control:
    """The one owner of a data directory. The index is only a hint: a mark may be needless, but
    no channel with unfinished work lacks it.

    `database` is control.db; others keep tables of their own in it.
    """

    def __init__(self, database: Database, lock: int) -> None:
        self.database = database
        self._lock = lock
        self._marked: set[ChannelRef] = set()

    @classmethod
    async def open(cls, root: Path) -> "Control":
        """Take the data directory. Raises StoreError when another bot has it, naming its pid."""
        lock = await asyncio.to_thread(_take, root)
        try:
            database = await Database.open(
                root / "control.db", CONTROL_APPLICATION_ID, control_migrations()
            )
        except BaseException:
            os.close(lock)
            raise
        return cls(database, lock)

    async def close(self) -> None:
        """Close control.db and let the data directory go."""
        try:
            await self.database.close()
        finally:
            os.close(self._lock)

    async def mark(self, ref: ChannelRef) -> None:
        """Note that the channel is about to get unfinished work; free when it is noted already."""
        if ref in self._marked:
            return
        await self.database.write(
            lambda tx: tx.execute(
                "INSERT INTO channels VALUES (?, ?, ?, 1)"
                " ON CONFLICT DO UPDATE SET unfinished = 1 WHERE unfinished = 0",
                (ref.platform, ref.workspace, ref.channel),
            )
        )
        self._marked.add(ref)

    async def clear(self, ref: ChannelRef) -> None:
        """Note that the channel has no unfinished work.

        Only for a channel that nobody can be giving work meanwhile (as at start, before events
        are accepted): work that was marked for and is not written yet would be forgotten.
        """
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

    async def known(self, platform: str) -> tuple[ChannelRef, ...]:
        """All channels of a platform that were ever marked."""
        return await _refs(self.database, "platform = ?", platform)


async def known_channels(root: Path) -> tuple[ChannelRef, ...]:
    """All channels of a data directory, also while a bot owns it. Raises StoreError."""
    path = root / "control.db"
    if not await asyncio.to_thread(path.exists):
        return ()
    database = await Database.open(path, CONTROL_APPLICATION_ID, control_migrations())
    try:
        return await _refs(database, "1")
    finally:
        await database.close()


async def _refs(database: Database, condition: str, *parameters: str) -> tuple[ChannelRef, ...]:
    query = f"SELECT platform, workspace, channel FROM channels WHERE {condition}"  # noqa: S608 - constants
    rows = await database.read(lambda tx: tx.execute(query, parameters).fetchall())
    return tuple(
        ChannelRef(platform=platform, workspace=workspace, channel=channel)
        for platform, workspace, channel in rows
    )


def _take(root: Path) -> int:
    """Lock the data directory for as long as the descriptor is open, also across a SIGKILL."""
    path = root / "lock"
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"{root} cannot be used as the data directory: {error.strerror}; "
            "set [bot] data_dir to a folder that can be written"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise StoreError(
            f"another bot (pid {owner}) is using {root}: "
            "stop it, or set [bot] data_dir to another folder"
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock
