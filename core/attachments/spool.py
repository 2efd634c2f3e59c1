"""Contents of files that have come and whose message is not kept yet: files in a folder, whole or
not there. Knows no channel.

They outlive a restart, because the page sends a message again that was not kept before it.
"""

import asyncio
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from core.attachments.limits import (
    GONE,
    KEPT_FREE,
    MOST_WAITING,
    NO_ROOM,
    WAITING,
    too_much,
)
from core.errors import UnusableFile
from core.messages import Attachment
from core.search.reading import is_binary

log = structlog.get_logger(__name__)

T = TypeVar("T")

PIECE = 1_000_000
"""Bytes that are written, hashed or read in one step."""
_KEPT_S = 24 * 3600.0
_HANDLE = re.compile(r"[0-9a-f]{32}-(?P<sha256>[0-9a-f]{64})")
_COMING = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A whole file of the spool; `size` is in bytes."""

    path: Path
    sha256: str
    size: int

    def kind(self) -> str:
        """Either "text" or "binary", as the index judges it. Raises UnusableFile."""
        try:
            with self.path.open("rb") as file:
                return "binary" if is_binary(file) else "text"
        except OSError as error:
            raise _unreadable(error) from error

    def pieces(self) -> Iterator[bytes]:
        """The bytes, some after others. Raises UnusableFile when they are gone."""
        try:
            with self.path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise _unreadable(error) from error


def _unreadable(error: OSError) -> UnusableFile:
    return UnusableFile(f"a file that was sent cannot be read: {error}")


class Spool:
    """The folder. `find` is for threads other than the loop's; the others wait for none."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "spool"
        self._waiting = 0
        self._coming = set[str]()
        self._swept = 0.0

    async def take(
        self,
        name: str,
        content: AsyncGenerator[bytes, None],
        *,
        size: int | None,
        after: Sequence[Attachment],
    ) -> Attachment:
        """See the port Door. What is too much is not read to its end."""
        problem = too_much(size or 0, after) or await self._room(size or 0)
        if problem:
            return Attachment(name=name, problem=problem)
        token = secrets.token_hex(16)
        coming = self._folder / f"{token}{_COMING}"
        self._coming.add(coming.name)
        try:
            async with aclosing(content):
                return await self._written(name, content, coming, token, after)
        except _Unwritable as error:
            log.error("a file that was sent cannot be written", error=str(error))
            return Attachment(name=name, problem=NO_ROOM)
        finally:
            self._coming.discard(coming.name)
            await asyncio.to_thread(_unlink, coming)

    async def _written(
        self,
        name: str,
        content: AsyncGenerator[bytes, None],
        coming: Path,
        token: str,
        after: Sequence[Attachment],
    ) -> Attachment:
        digest, size, piece = hashlib.sha256(), 0, bytearray()
        await _done(partial(coming.touch, exist_ok=False))
        async for some in content:
            size += len(some)
            problem = too_much(size, after, more=True)
            if problem:
                return Attachment(name=name, problem=problem)
            piece += some
            if len(piece) >= PIECE:
                await _done(partial(_write, coming, digest, piece))
                piece = bytearray()
        await _done(partial(_write, coming, digest, piece))
        handle = f"{token}-{digest.hexdigest()}"
        await _done(partial(coming.rename, self._folder / handle))
        self._waiting += size
        return Attachment(name=name, handle=handle, size=size)

    async def _room(self, size: int) -> str:
        """Why nothing of `size` bytes is taken now, or ""."""
        if time.time() - self._swept > _KEPT_S:
            await self.sweep()
        if self._waiting + size > MOST_WAITING:
            return WAITING
        try:
            free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        except OSError:
            return NO_ROOM
        return NO_ROOM if free < size + KEPT_FREE else ""

    def find(self, file: Attachment) -> Content | str:
        """The content of a file that was taken; or why it cannot be had."""
        known = _HANDLE.fullmatch(file.handle)
        if known is None:
            return file.problem or GONE
        path = self._folder / file.handle
        try:
            size = path.stat().st_size
        except OSError:
            return GONE
        return Content(path=path, sha256=known["sha256"], size=size)

    async def discard(self, files: Iterable[Attachment]) -> None:
        """The message is kept, or refused for good: its files are needed here no more."""
        handles = [file.handle for file in files if _HANDLE.fullmatch(file.handle)]
        if handles:
            self._waiting -= await asyncio.to_thread(self._remove, handles)

    async def sweep(self) -> None:
        """Remove what no message will ask for; to be called at the start, before `take`."""
        self._swept = time.time()
        try:
            self._waiting = await asyncio.to_thread(self._sweep, self._swept - _KEPT_S)
        except OSError as error:
            log.error("the folder of files that were sent cannot be used", error=str(error))

    def _sweep(self, before: float) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        left = 0
        for path in self._folder.iterdir():
            found = path.stat()
            if found.st_mtime < before or (
                path.suffix == _COMING and path.name not in self._coming
            ):
                path.unlink(missing_ok=True)
            else:
                left += found.st_size
        return left

    def _remove(self, handles: Iterable[str]) -> int:
        gone = 0
        for handle in handles:
            path = self._folder / handle
            with suppress(OSError):  # it was discarded before, or is swept later
                size = path.stat().st_size
                path.unlink()
                gone += size
        return gone


class _Unwritable(Exception):
    """The folder's disk did not take something. What the content's own source raises is no such."""


async def _done(step: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(step)
    except OSError as error:
        raise _Unwritable(str(error)) from error


def _unlink(path: Path) -> None:
    with suppress(OSError):  # it is swept later
        path.unlink(missing_ok=True)


def _write(path: Path, digest: "hashlib._Hash", piece: bytearray) -> None:
    """Open for each piece: whoever stops taking the file, at whatever moment, leaves none open."""
    digest.update(piece)
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(piece)
