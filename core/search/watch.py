"""Notices changes below a folder through inotify, without a thread and without polling.

Not a debouncer, and it never looks into the folder: whoever lists a folder calls `enter` first.
"""

import asyncio
import contextlib
import ctypes
import errno
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x4000, 0x8000
_ONLYDIR, _DONT_FOLLOW, _ISDIR = 0x1000000, 0x2000000, 0x40000000

_ARRIVED = _MOVED_TO | _CREATE
_BELOW = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _ARRIVED | _DELETE
_HEADER = struct.Struct("iIII")
_BUFFER = 65536
# The root's own name in its parent folder, under which it may come back.
_ABOVE = None


class Watch:
    """One folder's changes: `changed` is called on the loop with each path that may have changed.

    "" stands for everything. `trouble` says what is not noticed, if anything.
    """

    def __init__(self, root: Path, changed: Callable[[str], None]) -> None:
        self.trouble: str | None = None
        self._root = root
        self._changed = changed
        self._fd = -1
        self._folders: dict[int, str | None] = {}
        # `enter` is called by the walking thread; no event may be read before its folder is kept.
        self._lock = threading.Lock()

    def open(self) -> None:
        """Begin on the running loop; folders are watched as they are entered."""
        try:
            self._fd = _inotify()
        except OSError as error:
            self.trouble = f"changes are only noticed at the next start: {error.strerror}"
            return
        with contextlib.suppress(OSError):
            self._add(self._root.parent, _ABOVE, _ARRIVED | _ONLYDIR)
        asyncio.get_running_loop().add_reader(self._fd, self.drain)

    def close(self) -> None:
        """End; nothing is called afterwards."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            with self._lock:
                os.close(self._fd)
                self._fd = -1

    def enter(self, path: str) -> None:
        """Watch one folder, from any thread; `path` is relative to the root."""
        if self._fd < 0:
            return
        flags = _BELOW | _ONLYDIR
        flags |= _DONT_FOLLOW if path else _DELETE_SELF | _MOVE_SELF
        try:
            self._add(self._root / path, path, flags)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.trouble = (
                    "some changes are only noticed at the next start: too many folders to watch,"
                    " raise fs.inotify.max_user_watches"
                )

    def drain(self) -> None:
        """Take in what the kernel has noticed so far."""
        if self._fd < 0:
            return
        with self._lock, contextlib.suppress(BlockingIOError):
            while data := os.read(self._fd, _BUFFER):
                self._take(data)

    def _add(self, path: Path, relative: str | None, flags: int) -> None:
        with self._lock:
            if self._fd < 0:
                return
            watch = _library().inotify_add_watch(self._fd, os.fsencode(path), flags)
            if watch < 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), str(path))
            self._folders[watch] = relative

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            watch, mask, _, length = _HEADER.unpack_from(data, at)
            name = data[at + _HEADER.size : at + _HEADER.size + length].rstrip(b"\0")
            at += _HEADER.size + length
            self._event(watch, mask, os.fsdecode(name))

    def _event(self, watch: int, mask: int, name: str) -> None:
        if mask & _IGNORED:
            self._folders.pop(watch, "")
        elif mask & _OVERFLOW:
            self._changed("")
        elif watch in self._folders:
            folder = self._folders[watch]
            if folder is _ABOVE:
                if name == self._root.name:
                    self._changed("")
                return
            path = f"{folder}/{name}" if folder and name else folder or name
            if mask & _MOVED_FROM and mask & _ISDIR:
                self._leave(path)
            self._changed(path)

    def _leave(self, path: str) -> None:
        """A folder was moved away: what happens in it there is no longer ours."""
        below = f"{path}/"
        for watch, folder in list(self._folders.items()):
            if folder is not None and (folder == path or folder.startswith(below)):
                del self._folders[watch]
                _library().inotify_rm_watch(self._fd, watch)


def _inotify() -> int:
    try:
        fd: int = _library().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    except AttributeError as error:
        raise OSError(errno.ENOSYS, "this system has no inotify") from error
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return fd


def _library() -> ctypes.CDLL:
    global _loaded  # noqa: PLW0603  (loaded once, and only when there is a source)
    if _loaded is None:
        _loaded = ctypes.CDLL(None, use_errno=True)
    return _loaded


_loaded: ctypes.CDLL | None = None
