"""What a workspace looks like from outside: sizes and times, no contents. Follows no link."""

import os
from dataclasses import dataclass
from pathlib import Path

# Above it a workspace is not compared between attempts: the walk would cost more than it tells.
MOST_FILES = 20_000
MOST_DEPTH = 64
SCRATCH = ".thaw"
# What programs leave in passing; it is never part of a job's work.
LEFT_OUT = frozenset({"__pycache__", ".cache"})

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file cannot be changed without changing, short of trying."""

    size: int
    mtime_ns: int
    inode: int


Manifest = dict[str, Facts]


def walk(root: Path) -> Manifest | None:
    """The files below `root`, by path; None when there are too many to compare.

    Blocks. Programs may be writing there meanwhile. What cannot be looked at is left out.
    """
    found: Manifest = {}
    try:
        _look(os.open(root, FOLDER), "", 0, found)
    except OSError:
        return None
    return found if len(found) <= MOST_FILES else None


def _look(folder: int, prefix: str, depth: int, found: Manifest) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) > MOST_FILES:
                    return
                if left_out(entry.name, depth):
                    continue
                try:
                    _enter(folder, entry, prefix, depth, found)
                except OSError:
                    continue  # gone, or not to be read: the scan at the end says so
    finally:
        os.close(folder)


def _enter(
    folder: int, entry: "os.DirEntry[str]", prefix: str, depth: int, found: Manifest
) -> None:
    path = prefix + entry.name
    if entry.is_dir(follow_symlinks=False):
        if depth < MOST_DEPTH:
            _look(os.open(entry.name, FOLDER, dir_fd=folder), f"{path}/", depth + 1, found)
        return
    stat = entry.stat(follow_symlinks=False)
    found[readable(path)] = Facts(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def left_out(name: str, depth: int) -> bool:
    """Whether a file or folder of this name, so deep below the workspace, is never looked at."""
    return name in LEFT_OUT or (depth == 0 and name == SCRATCH)


def readable(path: str) -> str:
    """The path as text that can be stored and shown, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def changed(before: Manifest, now: Manifest | None) -> tuple[str, ...]:
    """Paths that are new, gone or different, in order; none when there were too many."""
    if now is None:
        return ()
    either = before.keys() | now.keys()
    return tuple(sorted(path for path in either if before.get(path) != now.get(path)))
