"""One source's index file: what is known of its files, and search in it. Reads no folder.

All functions run inside a transaction of the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from core.search.folder import Stamp
from core.search.hits import FileHit, SearchResult
from core.search.pieces import Batch, Piece
from core.search.query import Query
from core.search.ranked import Table, ranked
from core.search.telling import best_lines
from core.state.database import Transaction

# "ThwS"
APPLICATION_ID = 0x54687753

_CHUNKS = Table(
    count="""
        SELECT count(*) FROM (
            SELECT rowid FROM words WHERE words MATCH :words AND rowid <= :upto LIMIT :most)
    """,
    best="""
        SELECT id, count(*) OVER () FROM (
            SELECT rowid AS id, rank AS place FROM words
            WHERE words MATCH :words AND rowid <= :upto ORDER BY rowid DESC LIMIT :most)
        ORDER BY place, id LIMIT :limit
    """,
    shown="""
        SELECT chunks.id, files.path, files.at, chunks.line,
            lower(hex(chunks.digest)), highlight(words, 1, char(2), char(3))
        FROM words JOIN chunks ON chunks.id = words.rowid JOIN files ON files.id = chunks.file
        WHERE words MATCH :words AND words.rowid BETWEEN :first AND :last
            AND +words.rowid IN (SELECT value FROM json_each(:rows))
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is indexed: files, bytes of them, and the newest of those skipped, with the reason."""

    files: int
    size: int
    skipped: int
    reasons: tuple[tuple[str, str], ...]


NOTHING = Contents(files=0, size=0, skipped=0, reasons=())


def migrations() -> tuple[str, ...]:
    """SQL scripts; the n-th brings version n-1 to version n."""
    return ((files("core.state.schema") / "sources.sql").read_text("utf-8"),)


def known(tx: Transaction, start: str) -> dict[str, Stamp | None]:
    """The files at and below a path ("": all); without a stamp if not indexed whole."""
    select = "SELECT path, size, mtime_ns, inode FROM files"
    # "0" is the character after "/": what lies between begins with the path and a slash.
    where, given = " WHERE path = ? OR path > ? AND path < ?", (start, f"{start}/", f"{start}0")
    rows = tx.execute(select + where, given) if start else tx.execute(select)
    return {
        path: None if inode is None else Stamp(size=size, mtime_ns=mtime_ns, inode=inode)
        for path, size, mtime_ns, inode in rows
    }


def digests(tx: Transaction, path: str) -> tuple[bytes, ...]:
    """The digests of a file's chunks, in the order of its lines."""
    rows = tx.execute(
        "SELECT digest FROM chunks WHERE file = (SELECT id FROM files WHERE path = ?) ORDER BY id",
        (path,),
    )
    return tuple(digest for (digest,) in rows)


def put(tx: Transaction, batch: Batch) -> None:
    """Index pieces of files, in order."""
    for piece in batch:
        file = _mark(tx, piece)
        if piece.keep is not None:
            shrink(tx, piece.entry.path, piece.keep)
        (last,) = tx.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
        tx.executemany(
            "INSERT INTO chunks (file, line, digest, text) VALUES (?, ?, ?, ?)",
            [(file, chunk.line, chunk.digest, chunk.text) for chunk in piece.chunks],
        )
        tx.execute(
            "INSERT INTO words (rowid, path, text)"
            " SELECT id, path, text FROM indexed WHERE id > ? ORDER BY id",
            (last,),
        )


def shrink(tx: Transaction, path: str, keep: int, most: int = -1) -> int:
    """Remove the file's chunks after the first `keep`, at most `most`; returns how many."""
    rows = tx.execute(
        "SELECT id FROM chunks WHERE file = (SELECT id FROM files WHERE path = ?)"
        " ORDER BY id LIMIT ? OFFSET ?",
        (path, most, keep),
    ).fetchall()
    tx.executemany(
        "INSERT INTO words (words, rowid, path, text)"
        " SELECT 'delete', id, path, text FROM indexed WHERE id = ?",
        rows,
    )
    tx.executemany("DELETE FROM chunks WHERE id = ?", rows)
    return len(rows)


def forget(tx: Transaction, paths: Sequence[str], most: int) -> int:
    """Remove files, in order, until `most` chunks are gone; returns how many files are."""
    for done, path in enumerate(paths):
        most -= shrink(tx, path, 0, most)
        if most <= 0:
            return done
        tx.execute("DELETE FROM files WHERE path = ?", (path,))
    return len(paths)


def contents(tx: Transaction, most: int) -> Contents:
    """What is indexed, with at most `most` reasons for files that are not."""
    row = tx.execute(
        "SELECT count(*) FILTER (WHERE skipped IS NULL),"
        " coalesce(sum(size) FILTER (WHERE skipped IS NULL), 0),"
        " count(*) FILTER (WHERE skipped IS NOT NULL) FROM files"
    ).fetchone()
    reasons = tx.execute(
        "SELECT path, skipped FROM files WHERE skipped IS NOT NULL ORDER BY id DESC LIMIT ?",
        (most,),
    ).fetchall()
    return Contents(files=row[0], size=row[1], skipped=row[2], reasons=tuple(reasons))


def search_files(tx: Transaction, source: str, query: Query, limit: int) -> SearchResult:
    """The best `limit` lines; a chunk's best lines stand for it."""
    found = ranked(tx, _CHUNKS, query, limit, upto=2**63 - 1)
    texts = [(str(row[1]), int(str(row[3])), str(row[5])) for row in found.rows]
    hits = []
    for one in best_lines(texts, limit):
        _, path, at, _, digest, _ = found.rows[one.place]
        hits.append(
            FileHit(
                source=source,
                path=str(path),
                line=one.line,
                at=float(str(at)),
                snippet=one.snippet,
                digest=str(digest),
            )
        )
    return SearchResult(hits=tuple(hits), notes=found.notes(source), partial=found.partial)


def _mark(tx: Transaction, piece: Piece) -> int:
    """The file's row, brought to the piece's state; returns its id."""
    entry, stamp = piece.entry, piece.entry.stamp if piece.whole else None
    given = (
        entry.path,
        entry.at,
        stamp and stamp.size,
        stamp and stamp.mtime_ns,
        stamp and stamp.inode,
        entry.skipped,
    )
    row = tx.execute(
        "INSERT INTO files (path, at, size, mtime_ns, inode, skipped) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET at = excluded.at, size = excluded.size,"
        " mtime_ns = excluded.mtime_ns, inode = excluded.inode, skipped = excluded.skipped"
        " RETURNING id",
        given,
    ).fetchone()
    return int(row[0])
