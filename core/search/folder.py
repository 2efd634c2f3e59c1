"""What is in a source folder: walks it without ever following a link. Reads no file's text."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 64 * 1024 * 1024
DEEPEST = 40
# Version control's own data: the files themselves are what people look for.
NOT_ENTERED = frozenset({".git", ".hg", ".svn"})

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a fifo that took a file's place would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Enter = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What differs when a file's content was changed."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file: its path inside the folder, with forward slashes; `at` in Unix seconds.

    `skipped` says why its text is not indexed. Without a `stamp` it is looked at again next time.
    """

    path: str
    at: float
    stamp: Stamp | None
    skipped: str | None = None


def survey(root: Path, start: str, enter: Enter) -> Iterator[Entry]:
    """All files at and below `start` ("" is the folder itself), in no order.

    `enter` is called with each folder's path before it is listed, so that a watch set there misses
    nothing. Raises OSError if the root cannot be read; what is unreadable below it is skipped.
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not start:
            enter("")
            yield from _folder(fd, "", enter)
        else:
            above, _, name = start.rpartition("/")
            yield from _below(fd, above, name, enter)
    finally:
        os.close(fd)


def open_file(root: Path, path: str) -> int:
    """A descriptor of a regular file that is really inside the folder. Raises OSError."""
    above, _, name = path.rpartition("/")
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        folder = _descend(top, above)
    finally:
        os.close(top)
    try:
        return os.open(name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def entry_of(path: str, found: os.stat_result) -> Entry:
    """What a file's status says about it."""
    stamp = Stamp(size=found.st_size, mtime_ns=found.st_mtime_ns, inode=found.st_ino)
    return Entry(path=path, at=found.st_mtime, stamp=stamp, skipped=_unfit(found))


def unreadable(path: str, error: OSError) -> Entry:
    """A file or folder that could not be read this time."""
    reason = f"cannot be read: {error.strerror or error}"
    return Entry(path=path, at=0.0, stamp=None, skipped=reason)


def shown(path: str) -> str:
    """The path as text: bytes that are not UTF-8 become escapes, all else stays."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unfit(found: os.stat_result) -> str | None:
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link; links are not followed"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_size > LARGEST:
        return f"is larger than {LARGEST // 2**20} MB"
    return None


def _below(root: int, above: str, name: str, enter: Enter) -> Iterator[Entry]:
    try:
        folder = _descend(root, above)
    except OSError:
        return  # gone, or a link by now: the path is no longer inside the folder
    try:
        yield from _entry(folder, above + "/" if above else "", name, enter)
    finally:
        os.close(folder)


def _descend(root: int, path: str) -> int:
    """A new descriptor of the folder at `path`; no component may be a link."""
    fd = os.dup(root)
    for part in path.split("/") if path else ():
        try:
            below = os.open(part, _FOLDER, dir_fd=fd)
        finally:
            os.close(fd)
        fd = below
    return fd


def _folder(fd: int, prefix: str, enter: Enter) -> Iterator[Entry]:
    # os.listdir and not scandir: its names are all there at once, so no iterator is left open.
    for name in os.listdir(fd):
        yield from _entry(fd, prefix, name, enter)


def _entry(fd: int, prefix: str, name: str, enter: Enter) -> Iterator[Entry]:
    path = prefix + name
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if (legible := shown(path)) != path:
            yield Entry(path=legible, at=0.0, stamp=None, skipped="its name is not UTF-8")
            return
        if not stat.S_ISDIR(found.st_mode):
            yield entry_of(path, found)
            return
        if name in NOT_ENTERED:
            return
        if path.count("/") >= DEEPEST:
            yield Entry(path=path, at=0.0, stamp=None, skipped="is nested too deeply")
            return
        below = os.open(name, _FOLDER, dir_fd=fd)
    except FileNotFoundError:
        return
    except OSError as error:
        yield unreadable(path, error)
        return
    try:
        enter(path)
        yield from _listed(below, path, enter)
    finally:
        os.close(below)


def _listed(fd: int, path: str, enter: Enter) -> Iterator[Entry]:
    try:
        yield from _folder(fd, path + "/", enter)
    except OSError as error:
        yield unreadable(path, error)
