"""A job's workspace on disk: filled from its snapshot, read back at its end. Runs nothing."""

import asyncio
import hashlib
import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from core.errors import BadRequest, StoreError
from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.files import StateFile, check_file, list_files, read_pieces
from core.state.operations import FileChange
from core.subagents.journal_rows import FileRow
from core.subagents.workspace_manifest import FOLDER, LEFT_OUT, SCRATCH
from core.subagents.workspace_scan import Scanned, WorkspaceUnfit, scan

FOLDER_NAME = "workspace"
MOST_CHANGED_FILES = 10_000
MOST_CHANGED_BYTES = 200_000_000
_BLOCK = 4096
_BATCH_BYTES = 4_000_000
_BATCH_FILES = 50
"""What is copied in one go: the channel's file answers no other reader meanwhile."""

Empty = Callable[[], Awaitable[Path | None]]
"""Gives an empty folder away, if there is one."""


async def fill(
    folder: Path,
    channels: Channels,
    channel: ChannelRef,
    commit: int,
    *,
    empty: Empty | None = None,
) -> Path:
    """Make the workspace in the job's folder, once: the channel's files at a commit.

    It is made of an `empty` folder, moved there, where one is given and can be moved. A kill on the
    way leaves nothing that counts. Raises StoreError.
    """
    workspace = folder / FOLDER_NAME
    if await asyncio.to_thread(workspace.is_dir):
        return workspace
    making = folder / f"{FOLDER_NAME}.making"
    try:
        given = await empty() if empty is not None else None
        await asyncio.to_thread(_start, making, given)
        files = await channels.read(channel, partial(_list, at=commit))
        for batch in _batches(files):
            await channels.read(channel, partial(_copy, making, batch))
        await asyncio.to_thread(making.rename, workspace)
    except OSError as error:
        raise StoreError(f"the workspace cannot be made: {error}") from error
    return workspace


def space_mb(files: Sequence[StateFile]) -> int:
    """Megabytes of disk that the files take, with their folders: rather too many than too few."""
    blocks = sum(-(-file.size // _BLOCK) + file.path.count("/") for file in files)
    return -(-blocks * _BLOCK >> 20)


def _start(making: Path, given: Path | None) -> None:
    shutil.rmtree(making, ignore_errors=True)
    making.parent.mkdir(parents=True, exist_ok=True)
    if given is not None:
        with suppress(OSError):  # it is on another file system
            given.rename(making)
    making.mkdir(exist_ok=given is not None)
    making.chmod(0o755)


def _list(tx: Transaction, at: int) -> tuple[StateFile, ...]:
    return list_files(tx, "", at)


def _batches(files: Sequence[StateFile]) -> Iterator[list[StateFile]]:
    batch: list[StateFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _copy(making: Path, files: Sequence[StateFile], tx: Transaction) -> None:
    for file in files:
        check_file(FileChange(path=file.path, content=None))  # it leads nowhere else
        target = making / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            for piece in read_pieces(tx, file):
                out.write(piece)
        target.chmod(0o755 if file.executable else 0o644)


def changed(
    workspace: Path, base: Sequence[StateFile]
) -> tuple[tuple[FileRow, ...], tuple[str, ...]]:
    """How the workspace differs from the channel's files, and notes on what could not be taken.

    Blocks. Raises WorkspaceUnfit, OSError.
    """
    scanned = scan(workspace)
    return changes(base, scanned), scanned.notes()


def changes(base: Sequence[StateFile], scanned: Scanned) -> tuple[FileRow, ...]:
    """How the workspace differs from the channel's files; pure.

    What could not be taken counts as unchanged. Raises WorkspaceUnfit when it is too much.
    """
    before = {file.path: (file.sha256, file.executable) for file in base}
    found = [
        FileRow(path=path, sha256=file.sha256, executable=file.executable)
        for path, file in scanned.files.items()
        if before.get(path) != (file.sha256, file.executable)
    ]
    size = sum(scanned.files[row.path].size for row in found)
    found.extend(
        FileRow(path=path, sha256=None, executable=False)
        for path in before.keys() - scanned.files.keys()
        if not scanned.unknown(path) and not _never_looked_at(path)
    )
    if len(found) > MOST_CHANGED_FILES or size > MOST_CHANGED_BYTES:
        raise WorkspaceUnfit(
            f"it changed {len(found):,} files with {size:,} bytes; at most "
            f"{MOST_CHANGED_FILES:,} files with {MOST_CHANGED_BYTES:,} bytes are taken over"
        )
    return tuple(sorted(found, key=lambda row: row.path))


def _never_looked_at(path: str) -> bool:
    parts = path.split("/")
    return parts[0] == SCRATCH or not LEFT_OUT.isdisjoint(parts)


def contents(workspace: Path, rows: Sequence[FileRow]) -> tuple[FileChange, ...]:
    """The changed files with what is in them. Blocks. Raises StoreError if they have changed."""
    root = os.open(workspace, FOLDER)
    try:
        return tuple(_change(root, row) for row in rows)
    finally:
        os.close(root)


def _change(root: int, row: FileRow) -> FileChange:
    if row.sha256 is None:
        return FileChange(path=row.path, content=None)
    try:
        with os.fdopen(open_inside(root, row.path), "rb") as file:
            content = file.read()
    except OSError as error:
        raise StoreError(f"{row.path} of the job's workspace cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise StoreError(f"{row.path} of the job's workspace was changed after the job had ended")
    return FileChange(path=row.path, content=content, executable=row.executable)


def product(name: str) -> str:
    """The path of a file that the model named, relative to the workspace. Raises BadRequest."""
    path = name.removeprefix("/workspace/").removeprefix("./")
    check_file(FileChange(path=path, content=None))
    if _never_looked_at(path):
        raise BadRequest(f"{path} is not kept; move it out of .thaw, .cache and __pycache__")
    return path


def missing(workspace: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Those that are no regular files. Blocks. The subagent may be changing them meanwhile."""
    try:
        root = os.open(workspace, FOLDER)
    except OSError:
        return tuple(names)
    try:
        return tuple(name for name in names if not _is_file(root, name))
    finally:
        os.close(root)


def _is_file(root: int, name: str) -> bool:
    try:
        fd = open_inside(root, name)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode)
    finally:
        os.close(fd)


def open_inside(root: int, path: str) -> int:
    """Open a file part by part, so that no link leads out."""
    *folders, name = path.split("/")
    here = os.dup(root)
    try:
        for folder in folders:
            below = os.open(folder, FOLDER, dir_fd=here)
            os.close(here)
            here = below
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=here)
    finally:
        os.close(here)
