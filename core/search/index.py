"""One source's index file: what is known and indexed of its files. Reads no folder, finds nothing.

All functions run inside a transaction of the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from core.search.folder import Stamp
from core.search.pieces import Batch, Piece
from core.state.database import Transaction

# "ThwS"
APPLICATION_ID = 0x54687753


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is indexed: files, bytes of them, and the newest of those skipped, with the reason."""

    files: int
    size: int
    skipped: int
    reasons: tuple[tuple[str, str], ...]


NOTHING = Contents(files=0, size=0, skipped=0, reasons=())


def migrations(trigrams: bool) -> tuple[str, ...]:
    """SQL scripts; the n-th brings version n-1 to version n."""
    names = ("sources.sql", "trigrams.sql") if trigrams else ("sources.sql",)
    return ("\n".join((files("core.state.schema") / name).read_text("utf-8") for name in names),)


def has_parts(tx: Transaction) -> bool:
    """Whether parts of words are indexed too."""
    return tx.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchone() is not None


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


def digests(tx: Transaction, path: str, after: int = 0) -> tuple[bytes, ...]:
    """The digests of a file's chunks, in the order of its lines, after the first ones."""
    rows = tx.execute(
        "SELECT digest FROM chunks WHERE file = (SELECT id FROM files WHERE path = ?)"
        " ORDER BY id LIMIT -1 OFFSET ?",
        (path, after),
    )
    return tuple(digest for (digest,) in rows)


def put(tx: Transaction, batch: Batch) -> None:
    """Index pieces of files, in order."""
    tables = _tables(tx)
    for piece in batch:
        file = _mark(tx, piece)
        if piece.keep is not None:
            shrink(tx, piece.entry.path, piece.keep)
        (last,) = tx.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
        tx.executemany(
            "INSERT INTO chunks (file, line, digest, text) VALUES (?, ?, ?, ?)",
            [(file, chunk.line, chunk.digest, chunk.text) for chunk in piece.chunks],
        )
        for table in tables:
            tx.execute(
                f"INSERT INTO {table} (rowid, path, text)"  # noqa: S608 - constants
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
    for table in _tables(tx):
        tx.executemany(
            f"INSERT INTO {table} ({table}, rowid, path, text)"  # noqa: S608 - constants
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


def _tables(tx: Transaction) -> tuple[str, ...]:
    return ("words", "parts") if has_parts(tx) else ("words",)


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
