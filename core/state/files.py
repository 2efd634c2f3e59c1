"""Workspace files in the state: contents by hash, and what may stand where. Merges nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadRequest
from core.state.by_lines import body_of, file_body
from core.state.database import Transaction
from core.state.facts import head
from core.state.operations import FileChange, Op, Stored
from core.state.text import LARGEST_TEXT
from core.state.write import WRITE, Item

LARGEST_FILE = 50_000_000
LONGEST_PATH = 1000
# Copying one piece holds the interpreter for well under a millisecond.
PIECE = 1_000_000
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFile:
    """One file of a snapshot. `size` is in bytes, `commit` the one that wrote it."""

    path: str
    sha256: str
    size: int
    executable: bool
    commit: int


def check_file(change: FileChange) -> None:
    """Raise BadRequest for a path that is none, or a content that is too large."""
    path, content = change.path, change.content
    if not path.isprintable() or len(path.encode()) > LONGEST_PATH:
        raise BadRequest(
            f"the file name {path[:60]!r} has control characters or more than "
            f"{LONGEST_PATH:,} bytes; rename the file"
        )
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise BadRequest(f"{path[:200]!r} is no path inside the workspace: write it as folder/name")
    size = content.size if isinstance(content, Stored) else len(content or b"")
    if size > LARGEST_FILE:
        raise BadRequest(
            f"{path} has {size:,} bytes, at most {LARGEST_FILE:,} are kept: "
            "make it smaller or leave it out"
        )


def as_item(change: FileChange, number: int, blobs: dict[str, bytes]) -> Item:
    """The row of a file change; puts its content into `blobs`, by hash."""
    if change.content is None:
        return Item(number, Op.DELETE.value, None)
    if isinstance(change.content, Stored):
        return Item(number, WRITE, body_of(*change.content, executable=change.executable))
    body = file_body(change.content, executable=change.executable)
    blobs[json.loads(body)["sha256"]] = change.content
    return Item(number, WRITE, body)


def add_blobs(tx: Transaction, blobs: Mapping[str, bytes]) -> None:
    """Keep contents that are not kept yet."""
    for digest, content in blobs.items():
        view = memoryview(content)
        starts = range(0, len(content), PIECE)
        add_blob(tx, digest, (view[start : start + PIECE] for start in starts))


def add_blob(tx: Transaction, digest: str, pieces: Iterable[bytes | memoryview]) -> None:
    """Keep a content, in pieces of at most 1 MB that are asked for only if it is not kept yet."""
    if tx.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (digest,)).fetchone() is not None:
        return
    tx.executemany(
        "INSERT INTO blobs (sha256, piece, content) VALUES (?, ?, ?)",
        ((digest, n, piece) for n, piece in enumerate(pieces)),
    )
    # An empty one has a piece too, by which it is known.
    tx.execute("INSERT OR IGNORE INTO blobs VALUES (?, 0, x'')", (digest,))


class Blobs(Mapping[str, bytes]):
    """All contents that are `written` just now, or kept and not too large to be texts: these are
    read when they are asked for, so that a merge of many files holds few of them."""

    def __init__(self, tx: Transaction, written: Mapping[str, bytes] | None = None) -> None:
        self._tx = tx
        self._written = written or {}

    def __getitem__(self, digest: str) -> bytes:
        if digest in self._written:
            return self._written[digest]
        size = self._tx.execute(
            "SELECT sum(length(content)) FROM blobs WHERE sha256 = ?", (digest,)
        ).fetchone()[0]
        if size is None or size > LARGEST_TEXT:
            raise KeyError(digest)
        rows = self._tx.execute(
            "SELECT content FROM blobs WHERE sha256 = ? ORDER BY piece", (digest,)
        )
        return b"".join(content for (content,) in rows)

    def __iter__(self) -> Iterator[str]:
        kept = self._tx.execute("SELECT DISTINCT sha256 FROM blobs")
        return iter({**self._written, **dict.fromkeys((row[0] for row in kept), b"")})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def list_files(tx: Transaction, prefix: str = "", at: int | None = None) -> tuple[StateFile, ...]:
    """All files whose path starts with `prefix`, at a commit (None: head), by path."""
    rows = tx.execute(
        "SELECT e.key, v.body, v.changed FROM entries AS e JOIN versions AS v"
        " ON v.entry = e.id AND v.commit_no ="
        " (SELECT max(commit_no) FROM versions WHERE entry = e.id AND commit_no <= ?)"
        " WHERE e.space = 'file' AND e.key >= ? AND e.key < ? AND v.kind IS NOT NULL"
        " ORDER BY e.key",
        (head(tx) if at is None else at, prefix, prefix + _LAST),
    )
    return tuple(state_file(*row) for row in rows)


def find_file(tx: Transaction, path: str, at: int | None = None) -> StateFile | None:
    """One file at a commit (None: head)."""
    row = tx.execute(
        "SELECT e.key, v.body, v.changed, v.kind FROM entries AS e"
        " JOIN versions AS v ON v.entry = e.id WHERE e.space = 'file' AND e.key = ?"
        " AND v.commit_no <= ? ORDER BY v.commit_no DESC LIMIT 1",
        (path, head(tx) if at is None else at),
    ).fetchone()
    return None if row is None or row[3] is None else state_file(*row[:3])


def read_file(tx: Transaction, path: str, at: int | None = None) -> bytes | None:
    """The whole content of a file; None if there is none. For large ones see `read_pieces`."""
    found = find_file(tx, path, at)
    return None if found is None else b"".join(read_pieces(tx, found))


def read_pieces(tx: Transaction, file: StateFile) -> Iterator[bytes]:
    """The content of a file in pieces of at most 1 MB."""
    rows = tx.execute("SELECT content FROM blobs WHERE sha256 = ? ORDER BY piece", (file.sha256,))
    for (content,) in rows:
        yield content


def check_apart(changes: Iterable[FileChange]) -> None:
    """Raise BadRequest when one delta wants a file and a folder of one name, or a path twice."""
    written: set[str] = set()
    paths: set[str] = set()
    for change in changes:
        if change.path in paths:
            raise BadRequest(f"{change.path!r} is changed twice in one delta")
        paths.add(change.path)
        if change.content is not None:
            written.add(change.path)
    for path in written:
        for folder in _folders(path):
            if folder in written:
                raise BadRequest(f"{folder!r} is written as a file and as a folder")


def in_the_way(tx: Transaction, path: str) -> set[str]:
    """What stands at head and cannot stand beside a file at `path`: files where its folders
    would be, and files below it."""
    found = {folder for folder in _folders(path) if find_file(tx, folder) is not None}
    return found | {file.path for file in list_files(tx, path + "/")}


def _folders(path: str) -> Iterator[str]:
    at = path.find("/")
    while at != -1:
        yield path[:at]
        at = path.find("/", at + 1)


def state_file(path: str, body: str, commit: int) -> StateFile:
    """A file from the body of its version."""
    facts: dict[str, Any] = json.loads(body)
    return StateFile(path=path, commit=commit, **facts)
