"""The tools that list, read, write and edit files. Results are texts for a model."""

import os
import stat

from .output import SHOWN
from .tree import SCRATCH, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_ENTRIES = 1000
_LINES = 2000
_LINE = 2000
_EDITABLE = 16 << 20
_PIECE = 1 << 16


def list_files(tree: Tree, path: str = ".") -> str:
    """List what is below a folder, with sizes in bytes, at most 1000 entries."""
    lines: list[str] = []
    top = "" if path in (".", "", "/workspace") else path.rstrip("/") + "/"
    waiting = [(path, top)]
    while waiting and len(lines) <= _ENTRIES:
        folder, shown = waiting.pop()
        below = []
        for name, line, is_folder in _entries(tree, folder):
            if is_folder and not (shown == "" and name == SCRATCH):
                below.append((f"{folder}/{name}", f"{shown}{name}/"))
            lines.append(shown + line)
        waiting.extend(reversed(below))
    if not lines:
        return "(no files)"
    if len(lines) > _ENTRIES:
        lines[_ENTRIES:] = [f"[more than {_ENTRIES} entries; list a folder below to see its part]"]
    return "\n".join(lines)


def _entries(tree: Tree, folder: str) -> list[tuple[str, str, bool]]:
    fd = tree.folder(folder)
    found = []
    try:
        with os.scandir(fd) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) > _ENTRIES:
                    break
        found.sort(key=lambda entry: entry.name)
        return [_entry(entry) for entry in found]
    finally:
        os.close(fd)


def _entry(entry: os.DirEntry[str]) -> tuple[str, str, bool]:
    name = entry.name if entry.name.isprintable() else ascii(entry.name)
    if entry.is_dir(follow_symlinks=False):
        return entry.name, name + "/", True
    if entry.is_symlink():
        return entry.name, f"{name}  (a link, not followed)", False
    if not entry.is_file(follow_symlinks=False):
        return entry.name, f"{name}  (a device, pipe or socket)", False
    return entry.name, f"{name}  {entry.stat(follow_symlinks=False).st_size}", False


def read_file(tree: Tree, path: str, start: int = 1, lines: int = _LINES) -> str:
    """Return `lines` lines of a text file from the line `start`, counted from 1."""
    if start < 1 or lines < 1:
        raise ValueError("start and lines are counted from 1")
    with os.fdopen(tree.open(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if b"\0" in file.read(8192):
            raise ValueError(f"{path} is not text ({size} bytes); look into it by shell or python")
        file.seek(0)
        shown: list[str] = []
        room = SHOWN
        number = 0
        while number < start + lines - 1 and room > 0:
            line = file.readline(_PIECE)
            if not line:
                return _excerpt(shown, start, number, more=False)
            clipped = _rest_of_line(file, line)
            number += 1
            if number >= start:
                shown.append(_shown_line(line, clipped))
                room -= len(shown[-1])
        return _excerpt(shown, start, number, more=bool(file.read(1)))


def _rest_of_line(file: "BinaryIO", line: bytes) -> bool:
    """Skip what is left of a line of which `line` is the first piece; say if there was any."""
    clipped = False
    while not line.endswith(b"\n"):
        line = file.readline(_PIECE)
        if not line:
            break
        clipped = True
    return clipped


def _shown_line(line: bytes, clipped: bool) -> str:
    text = line.decode("utf-8", "replace")
    if len(text) <= _LINE and not clipped:
        return text
    return text[:_LINE] + "[... the rest of this long line is cut ...]\n"


def _excerpt(shown: list[str], start: int, last: int, *, more: bool) -> str:
    if not shown:
        return "(the file is empty)" if last == 0 else f"(the file ends at line {last})"
    text = "".join(shown)
    if start == 1 and not more:
        return text
    end = "the file goes on" if more else "the file ends here"
    return f"{text.rstrip(chr(10))}\n[lines {start} to {last}; {end}]"


def write_file(tree: Tree, path: str, content: str) -> str:
    """Write a file, whole; folders on its way are made."""
    data = content.encode("utf-8", "replace")
    tree.replace(path, data)
    return f"wrote {len(data)} bytes to {path}"


def edit_file(tree: Tree, path: str, old: str, new: str) -> str:
    """Replace the one place of a text file that reads `old`."""
    if not old:
        raise ValueError("old is empty; to make a new file use write_file")
    with os.fdopen(tree.open(path), "rb") as file:
        info = os.fstat(file.fileno())
        if info.st_size > _EDITABLE or not stat.S_ISREG(info.st_mode):
            raise ValueError(f"{path} has {info.st_size} bytes, too many to edit; use shell")
        data = file.read()
    before, after = old.encode("utf-8", "replace"), new.encode("utf-8", "replace")
    places = data.count(before)
    if places == 0:
        raise ValueError(f"old does not occur in {path}{_near(data, before)}")
    if places > 1:
        raise ValueError(
            f"old occurs {places} times in {path}; give more of the lines around the place you mean"
        )
    line = data[: data.index(before)].count(b"\n") + 1
    tree.replace(path, data.replace(before, after))
    return f"edited {path} at line {line}"


def _near(data: bytes, old: bytes) -> str:
    if b"\r\n" in data and data.replace(b"\r\n", b"\n").count(old):
        return "; its lines end with \\r\\n, write them so in old and new"
    first = old.strip().split(b"\n")[0].strip()
    for number, line in enumerate(data.split(b"\n"), 1):
        if first and line.strip() == first:
            return f"; line {number} is like its first line, compare spaces and what follows"
    return "; read the file again and copy the place exactly"
