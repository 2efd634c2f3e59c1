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

_MOST_FILES = 64
_MOST_BYTES = 64 << 20
_PIECE = 1 << 20
_NAME = re.compile(r"[^\s'\"=:;|&<>()`$,{}\[\]]+")


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
        found = (match[0] for match in _NAME.finditer(value))
        return {name.removeprefix("/workspace/").removeprefix("./") for name in found}
    below = list(value.values()) if isinstance(value, dict) else value
    return set().union(*map(_names, below)) if isinstance(below, list) else set()


def _files(names: set[str], workspace: Path) -> Iterator[tuple[str, str]]:
    try:
        root = os.open(workspace, FOLDER)
    except OSError:
        return
    count, left = 0, _MOST_BYTES
    try:
        for name in sorted(names):
            content, size = _content(root, name, left)
            if content and count < _MOST_FILES:
                count, left = count + 1, left - size
                yield name, content
    finally:
        os.close(root)


def _content(root: int, name: str, most: int) -> tuple[str, int]:
    """A regular file's hash and size, or of what is too long when it was written; else ""."""
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        return "", 0
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
