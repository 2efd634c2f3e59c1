"""What a backup says of itself: its files, their hashes, who made it and when. Copies nothing."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from core.errors import StoreError
from core.state.backup import to_disk

NAME = "manifest.json"
UNFINISHED = "unfinished"
"""A file that stands in a backup while it is made: without its end it is none."""
_FORMAT = 1
_LARGEST = 256 * 2**20
_PIECE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One file of the backup: its place in it, with slashes; bytes; SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole backup. `at` is in Unix seconds; `schemas` are the newest versions of the tables that
    the program knew that made it; `left_out` names what was there and could not be kept."""

    program: str
    at: float
    schemas: dict[str, int]
    files: tuple[Kept, ...]
    left_out: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def kept(folder: Path, path: Path) -> Kept:
    """What the manifest says of a file of the backup in `folder`. Blocks. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    place = path.relative_to(folder).as_posix()
    return Kept(path=place, size=size, sha256=digest.hexdigest())


def write(folder: Path, manifest: Manifest) -> None:
    """Make what is in the folder a backup: from here on it is one, also after a loss of power."""
    part = folder / f"{NAME}.part"
    part.write_text(json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1) + "\n", "utf-8")
    to_disk(part)
    part.rename(folder / NAME)
    (folder / UNFINISHED).unlink()
    to_disk(folder)


def is_backup(folder: Path) -> bool:
    """Whether the folder says that it is a whole one."""
    return (folder / NAME).is_file()


def read(folder: Path) -> Manifest:
    """What the backup says of itself. Raises StoreError when there is none, or one that this
    program cannot take."""
    try:
        with (folder / NAME).open("rb") as file:
            document = json.loads(file.read(_LARGEST))
        return _manifest(folder, document)
    except FileNotFoundError as error:
        raise StoreError(_none(folder)) from error
    except OSError as error:
        raise StoreError(f"{folder / NAME} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StoreError(f"{folder / NAME} is damaged, so this is no backup to rely on") from error


def _manifest(folder: Path, document: dict[str, object]) -> Manifest:
    if document["format"] != _FORMAT:
        raise StoreError(f"{folder} is a backup of a newer program: restore it with that one")
    found = Manifest(
        program=str(document["program"]),
        at=float(document["at"]),  # type: ignore[arg-type]  # what is none raises
        schemas={str(k): int(v) for k, v in document["schemas"].items()},  # type: ignore[attr-defined]
        files=tuple(
            Kept(path=str(one["path"]), size=int(one["size"]), sha256=str(one["sha256"]))
            for one in document["files"]  # type: ignore[attr-defined]
        ),
        left_out=tuple(map(str, document["left_out"])),  # type: ignore[call-overload]
    )
    for file in found.files:
        if not _inside(file.path):
            raise StoreError(f"{folder} names a file outside of itself, so it is no backup of ours")
    return found


def _inside(path: str) -> bool:
    """Whether it is a place that a backup has, and none beside or above it."""
    parts = PurePosixPath(path).parts
    known = path == "control.db" or (len(parts) > 1 and parts[0] in ("channels", "jobs"))
    return known and path == "/".join(parts) and ".." not in parts and "\0" not in path


def wrong(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A line for each file that is not as the manifest says. Blocks; reads all of them."""
    for file in manifest.files:
        path = folder / file.path
        try:
            if os.path.realpath(path) != os.path.join(os.path.realpath(folder), file.path):  # noqa: PTH118
                yield f"{file.path} is a link"
            elif kept(folder, path) != file:
                yield f"{file.path} has changed since the backup was made"
        except OSError as error:
            yield f"{file.path} cannot be read: {error.strerror}"


def newest(within: Path) -> Path | None:
    """The newest whole backup among the folders in `within`, or `within` itself. Blocks."""
    try:
        if is_backup(within):
            return within
        found = sorted(
            (one for one in within.iterdir() if is_backup(one)), key=lambda one: one.name
        )
    except OSError:
        return None
    return found[-1] if found else None


def _none(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder} is no folder"
    if (folder / UNFINISHED).exists():
        return f"the backup in {folder} was never finished: take another one"
    inner = newest(folder)
    hint = f"; the newest one in it is {inner}" if inner else ""
    return f"{folder} holds no backup (no {NAME}){hint}"
