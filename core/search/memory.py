"""What of a channel's state and workspace files is indexed: follows the versions, in the channel's
own file, some at a time. Searches nothing and merges nothing.

All functions run inside a transaction of the file. A step leaves a mark of how far it came in the
same transaction, so that a kill between two of them loses nothing and doubles nothing.
"""

from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import NamedTuple

from core.search.reading import Start, chunks, is_binary
from core.search.values import pieces
from core.state.database import Transaction
from core.state.entries import read_entry
from core.state.files import find_file, read_pieces
from core.state.operations import Json, Kind
from core.state.values import load

# A larger file of the workspace is data, and would hold up the channel's writer.
LARGEST = 8 * 1024 * 1024
# A step takes some 10 ms: the channel's own writes go between two of them.
_ROWS = 300
_CHARACTERS = 100_000

_VERSIONS = """
    SELECT v.commit_no, v.entry, e.space, e.key, v.kind, v.body, c.undoes
    FROM versions AS v JOIN entries AS e ON e.id = v.entry
    JOIN commits AS c ON c.number = v.commit_no
    WHERE (v.commit_no, v.entry) >= (?, ?) ORDER BY v.commit_no, v.entry LIMIT ?
"""
_ITEMS = """
    SELECT id, commit_no, argument FROM operations
    WHERE entry = ? AND commit_no = ? AND op IN ('append', 'include') AND id > ? ORDER BY id
"""
# An undo may bring to life what was a candidate so far, and was never indexed.
_REVIVED = """
    SELECT id, commit_no, argument FROM operations WHERE id > :after AND id IN (
        SELECT operation FROM lines WHERE entry = :entry AND added = :commit
        UNION SELECT operation FROM stamps WHERE entry = :entry AND added = :commit)
    AND NOT EXISTS (SELECT 1 FROM state_texts AS t WHERE t.operation = operations.id)
    ORDER BY id
"""


class _Version(NamedTuple):
    commit: int
    entry: int
    space: str
    key: str
    kind: str | None
    body: str | None
    undoes: int | None


@dataclass(slots=True, kw_only=True)
class _Step:
    """What one step adds, within its bounds."""

    texts: list[tuple[int, int, int | None, int, str]] = field(default_factory=list)
    chunks: list[tuple[int, int, str]] = field(default_factory=list)
    room: int = _CHARACTERS

    @property
    def full(self) -> bool:
        return self.room <= 0 or len(self.texts) + len(self.chunks) >= _ROWS

    def add(
        self, version: _Version, commit: int, operation: int | None, line: int, text: str
    ) -> None:
        self.texts.append((version.entry, commit, operation, line, text))
        self.room -= len(text) + len(version.key)


def waiting(tx: Transaction, upto: int | None, most: int = 10_000) -> int:
    """How many versions up to a commit (None: all) are not indexed, at most `most`."""
    row = tx.execute(
        "SELECT count(*) FROM (SELECT 1 FROM versions AS v, indexed AS i"
        " WHERE (v.commit_no, v.entry) >= (i.commit_no, i.entry)"
        " AND v.commit_no <= coalesce(?, v.commit_no) LIMIT ?)",
        (upto, most),
    ).fetchone()
    return int(row[0])


def advance(tx: Transaction) -> bool:
    """Index some more versions; False when all are indexed."""
    commit, entry, part = tx.execute("SELECT commit_no, entry, part FROM indexed").fetchone()
    rows = tx.execute(_VERSIONS, (commit, entry, _ROWS)).fetchall()
    step, mark = _Step(), None
    for row in rows:
        version = _Version(*row)
        began = part if row[:2] == (commit, entry) else 0
        reached = _index(tx, version, began, step)
        mark = (version.commit, version.entry + 1, 0)
        if reached is not None:
            mark = (version.commit, version.entry, reached)
        if step.full:
            break
    if mark is not None:
        _keep(tx, step)
        tx.execute("UPDATE indexed SET commit_no = ?, entry = ?, part = ?", mark)
    return bool(rows) and (step.full or len(rows) == _ROWS)


def _named(version: _Version) -> bool:
    """Whether the version's own row is only its name, which is the same in every version."""
    return version.space == "file" or version.kind == Kind.COUNTER.value


def _index(tx: Transaction, version: _Version, part: int, step: _Step) -> int | None:
    """Take up the parts of a version after `part`; the last one if the step is full before the
    end, else None."""
    if version.kind is None:
        return None
    if _named(version) and part == 0:
        _name(tx, version, step)
    if version.space == "file":
        return _file(tx, version, part, step)
    match version.kind:
        case Kind.COUNTER:
            return None
        case Kind.LOG | Kind.SET:
            return _items(tx, version, part, step)
        case _:
            return _value(tx, version, part, step)


def _name(tx: Transaction, version: _Version, step: _Step) -> None:
    known = "SELECT 1 FROM state_texts WHERE entry = ? AND commit_no = 0"
    if tx.execute(known, (version.entry,)).fetchone() is None and not any(
        row[0] == version.entry and row[1] == 0 for row in step.texts
    ):
        step.add(version, 0, None, 1, "")


def _value(tx: Transaction, version: _Version, part: int, step: _Step) -> int | None:
    texts = pieces(_read(tx, version))
    for number, (line, text) in enumerate(islice(texts, part, None), part + 1):
        if step.full and number > part + 1:
            return number - 1
        step.add(version, version.commit, None, line, text)
    return None


def _read(tx: Transaction, version: _Version) -> Json:
    if version.kind == Kind.VALUE.value and version.body is not None:
        return load(version.body)
    entry = read_entry(tx, version.key, version.commit)
    return None if entry is None else entry.value


def _items(tx: Transaction, version: _Version, part: int, step: _Step) -> int | None:
    if version.undoes is None:
        rows = tx.execute(_ITEMS, (version.entry, version.commit, part))
    else:
        given = {"entry": version.entry, "commit": version.commit, "after": part}
        rows = tx.execute(_REVIVED, given)
    for operation, commit, argument in rows:
        if step.full:
            rows.close()
            return part
        for line, text in pieces(load(argument)):
            step.add(version, commit, operation, line, text)
        part = operation
    return None


def _file(tx: Transaction, version: _Version, part: int, step: _Step) -> int | None:
    file = find_file(tx, version.key, version.commit)
    if file is None:
        return None
    row = tx.execute("SELECT id FROM contents WHERE sha256 = ?", (file.sha256,)).fetchone()
    if part == 0:
        new = row is None
        content = row[0] if row else _content(tx, file.sha256)
        place = "INSERT OR IGNORE INTO content_places VALUES (?, ?, ?)"
        tx.execute(place, (content, version.entry, version.commit))
        if not new:
            return None
    elif row is None:
        return None  # forgotten meanwhile
    else:
        content = row[0]
    if file.size > LARGEST:
        _skip(tx, content, f"is larger than {LARGEST // 2**20} MB")
        return None
    data = b"".join(read_pieces(tx, file))
    stream = BytesIO(data)
    if is_binary(stream):
        _skip(tx, content, "is not text")
        return None
    start = Start(offset=part, line=data.count(b"\n", 0, part) + 1)
    for chunk in chunks(stream, len(data), start):
        if step.full and chunk.start.offset > part:
            return chunk.start.offset
        step.chunks.append((content, chunk.line, chunk.text))
        step.room -= len(chunk.text)
        part = max(part, chunk.start.offset)
    return None


def _content(tx: Transaction, sha256: str) -> int:
    row = tx.execute("INSERT INTO contents (sha256) VALUES (?) RETURNING id", (sha256,)).fetchone()
    return int(row[0])


def _skip(tx: Transaction, content: int, reason: str) -> None:
    tx.execute("UPDATE contents SET skipped = ? WHERE id = ?", (reason, content))


def _keep(tx: Transaction, step: _Step) -> None:
    if step.texts:
        last = _last(tx, "state_texts")
        tx.executemany(
            "INSERT INTO state_texts (entry, commit_no, operation, line, text)"
            " VALUES (?, ?, ?, ?, ?)",
            step.texts,
        )
        tx.execute(
            "INSERT INTO state_words (rowid, key, text)"
            " SELECT id, key, text FROM state_indexed WHERE id > ? ORDER BY id",
            (last,),
        )
    if step.chunks:
        last = _last(tx, "content_chunks")
        tx.executemany(
            "INSERT INTO content_chunks (content, line, text) VALUES (?, ?, ?)", step.chunks
        )
        tx.execute(
            "INSERT INTO content_words (rowid, text)"
            " SELECT id, text FROM content_chunks WHERE id > ? ORDER BY id",
            (last,),
        )


def _last(tx: Transaction, table: str) -> int:
    row = tx.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608
    return int(row[0])
