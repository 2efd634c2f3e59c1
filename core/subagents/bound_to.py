"""What a person's word about a tool call is bound to: the call and the files that it names."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.state.operations import Json
from core.subagents.workspace import open_inside
from core.subagents.workspace_manifest import FOLDER

# More takes seconds: of what is beyond, size and time are taken for the content.
_MOST_BYTES = 1 << 30
_PIECE = 1 << 20
# `cd bin && sh run.sh`: a name may begin in any of so many folders that stand beside it.
_MOST_FOLDERS = 20
_NAME = re.compile(r"(?:\\.|[^\s'\"=:;|&<>()`$,{}\[\]])+")
_QUOTED = re.compile(r"(?<=')[^'\n]+(?=')|(?<=\")[^\"\n]+(?=\")")
_ESCAPED = re.compile(r"\\(.)")


def digest(tool: str, arguments: Mapping[str, Json], workspace: Path, meaning: str = "") -> str:
    """The same for the same call on the same files, in hex; for no other. Blocks.

    `meaning` is what a server says that its tool does and takes, "" for a tool of the bot's own.
    """
    hashed = hashlib.sha256(json.dumps([tool, arguments], sort_keys=True).encode())
    if meaning:
        hashed.update(json.dumps([meaning]).encode())
    for name, content in _files(_names(dict(arguments)), workspace):
        hashed.update(json.dumps([name, content]).encode())
    return hashed.hexdigest()


def _names(value: Json) -> set[str]:
    """All that may be the path of a workspace file."""
    if isinstance(value, str):
        found = {value, *_NAME.findall(value), *_QUOTED.findall(value)}
        found |= {_ESCAPED.sub(r"\1", name) for name in found}
        return {name.removeprefix("/workspace/").removeprefix("./").rstrip("/") for name in found}
    below = list(value.values()) if isinstance(value, dict) else value
    return set().union(*map(_names, below)) if isinstance(below, list) else set()


def _files(names: set[str], workspace: Path) -> Iterator[tuple[str, str]]:
    try:
        root = os.open(workspace, FOLDER)
    except OSError:
        return
    left = _MOST_BYTES
    try:
        folders = [name for name in sorted(names) if _is_folder(root, name)][:_MOST_FOLDERS]
        below = {f"{folder}/{name}" for folder in folders for name in names}
        for name in sorted(filter(_is_path, names | below)):
            content, size = _content(root, name, left)
            left -= size
            if content:
                yield name, content
    finally:
        os.close(root)


def _is_path(name: str) -> bool:
    return {"", ".", ".."}.isdisjoint(name.split("/"))


def _is_folder(root: int, name: str) -> bool:
    try:
        return _is_path(name) and stat.S_ISDIR(
            os.stat(name, dir_fd=root, follow_symlinks=False).st_mode
        )
    except (OSError, ValueError):
        return False


def _content(root: int, name: str, most: int) -> tuple[str, int]:
    """A regular file's hash and size, or of what is too long when it was written; else ""."""
    try:
        fd = open_inside(root, name)
    except (OSError, ValueError):
        return "", 0
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            return "", 0
        if facts.st_size > most:
            return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ino}", 0
        hashed = hashlib.sha256()
        while piece := os.read(fd, _PIECE):
            hashed.update(piece)
        return hashed.hexdigest(), facts.st_size
    finally:
        os.close(fd)
