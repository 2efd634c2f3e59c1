"""What a person's word about a tool call is bound to: the call and the files that it names."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from posixpath import join, normpath

from core.state.operations import Json
from core.subagents.workspace import open_inside
from core.subagents.workspace_manifest import FOLDER

# More takes seconds: of what is beyond, size and time are taken for the content.
_MOST_BYTES = 1 << 30
_PIECE = 1 << 20
# `cd bin && sh run.sh`: a name may begin in any of so many folders that stand beside it.
_MOST_FOLDERS = 20
# A name may lead over so many links; so many patterns of names are looked up, of so many levels,
# and as many files as they stand for.
_MOST_LINKS, _MOST_PATTERNS, _DEEP, _MOST_MATCHES = 8, 200, 8, 10_000
_WHERE, _LONGEST = "/workspace", 4096
_NAME = re.compile(r"(?:\\.|[^\s'\"=:;|&<>()`$,{}\[\]])+")
_QUOTED = re.compile(r"(?<=')[^'\n]+(?=')|(?<=\")[^\"\n]+(?=\")")
_ESCAPED = re.compile(r"\\(.)")
# What a shell puts names together from: quotes anywhere, what it knows by heart, choices.
_QUOTES = re.compile(r"[\"'\\]")
_HOME = re.compile(r"(?:~|\$\{?\w+\}?)/")
_CHOICE = re.compile(r"\[[^\]\s]+\]|\{[^}\s]+\}|\$\{?\w+\}?")


def digest(tool: str, arguments: Mapping[str, Json], workspace: Path, meaning: str = "") -> str:
    """The same for the same call on the same files, in hex; for no other. Blocks.

    `meaning` is what a server says that its tool does and takes, "" for a tool of the bot's own.
    """
    hashed = hashlib.sha256(json.dumps([tool, arguments], sort_keys=True).encode())
    if meaning:
        hashed.update(json.dumps([meaning]).encode())
    for name, content in _files(_names(dict(arguments)), workspace, in_shell=tool == "shell"):
        hashed.update(json.dumps([name, content]).encode())
    return hashed.hexdigest()


def _names(value: Json) -> set[str]:
    """All that may be the path of a workspace file."""
    if isinstance(value, str):
        joined = _HOME.sub("", _QUOTES.sub("", value))
        found = {value, *_NAME.findall(value), *_QUOTED.findall(value), *_NAME.findall(joined)}
        found |= {_ESCAPED.sub(r"\1", name) for name in found}
        # What is nothing but a choice says nothing of a name.
        chosen = _NAME.findall(_CHOICE.sub("*", joined))
        return found | {name for name in chosen if name.strip("*/.")}
    below = list(value.values()) if isinstance(value, dict) else value
    return set().union(*map(_names, below)) if isinstance(below, list) else set()


def _files(names: set[str], workspace: Path, *, in_shell: bool) -> Iterator[tuple[str, str]]:
    try:
        root = os.open(workspace, FOLDER)
    except OSError:
        return
    left = _MOST_BYTES
    try:
        here = {_inside(name) for name in names}
        folders = [path for path in sorted(here) if _is_folder(root, path)][:_MOST_FOLDERS]
        here |= {_inside(name, folder) for folder in folders for name in names}
        if in_shell:
            here |= _matching(root, here)
        for path in sorted(here - {""}):
            content, size = _content(root, _followed(root, path), left)
            left -= size
            if content:
                yield path, content
    finally:
        os.close(root)


def _inside(name: str, folder: str = "") -> str:
    """The path in the workspace that a name is in one of its folders; "" if it is none."""
    path = normpath(join(_WHERE, folder, name))
    inside = len(path) < _LONGEST and path.startswith(f"{_WHERE}/")
    return path.removeprefix(f"{_WHERE}/") if inside else ""


def _matching(root: int, names: set[str]) -> set[str]:
    """What a shell makes of those that are patterns."""
    found: set[str] = set()
    patterns = sorted(name for name in names if _is_pattern(name) and name.count("/") < _DEEP)
    for pattern in patterns[:_MOST_PATTERNS]:
        paths = [""]
        for part in pattern.split("/"):
            below = (join(path, name) for path in paths for name in _under(root, path, part))
            paths = list(islice(below, _MOST_MATCHES))
        found.update(paths)
    return found


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _under(root: int, path: str, part: str) -> list[str]:
    """What a part of a pattern stands for in a folder, which is listed only inside."""
    if not _is_pattern(part):
        return [part]
    try:
        folder = os.open(_followed(root, path) if path else ".", FOLDER, dir_fd=root)
    except OSError:
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if fnmatchcase(one.name, part))
    finally:
        os.close(folder)


def _followed(root: int, path: str) -> str:
    """Where a path leads by the links on its way; "" where that is no place of the workspace."""
    for _ in range(_MOST_LINKS):
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            with suppress(OSError, ValueError):
                target = os.readlink("/".join(parts[:end]), dir_fd=root)
                path = _inside("/".join([target, *parts[end:]]), "/".join(parts[: end - 1]))
                break
        else:
            return path
    return ""


def _is_folder(root: int, path: str) -> bool:
    try:
        found = os.stat(_followed(root, path) or path, dir_fd=root, follow_symlinks=False)
        return stat.S_ISDIR(found.st_mode)
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
