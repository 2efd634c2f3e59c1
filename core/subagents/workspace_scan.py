"""What a job left in its workspace: regular files by their hashes. Follows no link, keeps no bytes.

Only to be used when nothing of the job runs any more. Everything found is hostile all the same:
names, links, pipes, devices, depth and number.
"""

import errno
import hashlib
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BadRequest, ThawError
from core.legible import legible
from core.state.files import LARGEST_FILE, check_file
from core.state.operations import FileChange
from core.subagents.workspace_manifest import FOLDER, MOST_DEPTH, left_out, readable

MOST_ENTRIES = 100_000
"""Files, folders and everything else in a workspace that is looked at."""
MOST_NOTES = 20
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1 << 20


class WorkspaceUnfit(ThawError):
    """The workspace cannot be taken over at all; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One regular file."""

    sha256: str
    size: int
    executable: bool


@dataclass(slots=True, kw_only=True)
class Scanned:
    """`refused` are paths, files or whole folders, that were not taken, with the reason of each."""

    files: dict[str, Found] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def unknown(self, path: str) -> bool:
        """Whether what is at `path` could not be taken, so that nothing is said about it."""
        parts = path.split("/")
        return any("/".join(parts[:end]) in self.refused for end in range(1, len(parts) + 1))

    def notes(self) -> tuple[str, ...]:
        """What was refused, for people; bounded."""
        told = [f"{legible(path)} was left out: {why}" for path, why in self.refused.items()]
        if len(told) > MOST_NOTES:
            told = [*told[: MOST_NOTES - 1], f"{len(told) - MOST_NOTES + 1} more were left out"]
        return tuple(told)


def scan(root: Path) -> Scanned:
    """Look at all files below `root`. Blocks. Raises WorkspaceUnfit and OSError."""
    scanning = _Scanning()
    root.chmod(0o755)  # the job may have taken away its own rights
    scanning.folder(os.open(root, FOLDER), "", 0)
    return scanning.done()


class _Scanning:
    def __init__(self) -> None:
        self._scanned = Scanned()
        self._seen = 0
        self._names: Counter[tuple[int, int]] = Counter()
        self._linked: dict[str, tuple[int, int, int]] = {}

    def folder(self, fd: int, prefix: str, depth: int) -> None:
        """Look at an open folder and close it."""
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    self._seen += 1
                    if self._seen > MOST_ENTRIES:
                        raise WorkspaceUnfit(
                            f"the workspace holds more than {MOST_ENTRIES:,} files and folders"
                        )
                    if not left_out(entry.name, depth):
                        self._entry(fd, entry, prefix + entry.name, depth)
        finally:
            os.close(fd)

    def _entry(self, fd: int, entry: "os.DirEntry[str]", path: str, depth: int) -> None:
        try:
            check_file(FileChange(path=path, content=None))
        except (BadRequest, UnicodeEncodeError):
            self._refuse(path, "its name has control characters, is no UTF-8, or is too long")
            return
        try:
            if entry.is_dir(follow_symlinks=False):
                self._below(fd, entry.name, path, depth)
            else:
                self._file(fd, entry.name, path)
        except OSError as error:
            self._refuse(path, _words(error))

    def _below(self, fd: int, name: str, path: str, depth: int) -> None:
        if depth >= MOST_DEPTH:
            self._refuse(path, f"it is more than {MOST_DEPTH} folders deep")
            return
        self.folder(_open(name, FOLDER, fd, 0o700), f"{path}/", depth + 1)

    def _file(self, folder: int, name: str, path: str) -> None:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            self._refuse(path, _kind(mode))
            return
        fd = _open(name, _FILE, folder, mode & 0o777 | stat.S_IRUSR)
        try:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                self._refuse(path, _kind(facts.st_mode))
            elif facts.st_size > LARGEST_FILE:
                self._refuse(path, f"it has {facts.st_size:,} bytes, at most {LARGEST_FILE:,} fit")
            else:
                self._take(fd, path, facts)
        finally:
            os.close(fd)

    def _take(self, fd: int, path: str, facts: os.stat_result) -> None:
        if facts.st_nlink > 1:
            place = facts.st_dev, facts.st_ino
            self._names[place] += 1
            self._linked[path] = (*place, facts.st_nlink)
        digest, size = hashlib.sha256(), 0
        while piece := os.read(fd, _PIECE):
            digest.update(piece)
            size += len(piece)
        executable = bool(facts.st_mode & stat.S_IXUSR)
        self._scanned.files[path] = Found(
            sha256=digest.hexdigest(), size=size, executable=executable
        )

    def done(self) -> Scanned:
        """Refuse files with names outside, which may be somebody else's, and hand over."""
        for path, (device, inode, names) in self._linked.items():
            if self._names[device, inode] < names:
                del self._scanned.files[path]
                self._refuse(path, "it has another name outside the workspace")
        return self._scanned

    def _refuse(self, path: str, why: str) -> None:
        self._scanned.refused[readable(path)] = why


def _open(name: str, flags: int, folder: int, mode: int) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        # A job may take away its own rights; nobody is left to put a link in the way meanwhile.
        os.chmod(name, mode, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "it is a symbolic link"
    if stat.S_ISFIFO(mode):
        return "it is a pipe"
    if stat.S_ISSOCK(mode):
        return "it is a socket"
    return "it is a device"


def _words(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    return f"it cannot be read ({error.strerror})"
