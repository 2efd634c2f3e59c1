"""A source's index in memory, and what is put into it and found in it. Checks nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from core.search import index
from core.search.files import search_files
from core.search.folder import Entry, Stamp
from core.search.hits import FileHit
from core.search.pieces import Piece
from core.search.query import parse
from core.search.reading import Chunk
from core.state.database import Transaction
from core.state.migration import statements

STAMP = Stamp(size=5, mtime_ns=6, inode=7)


@contextmanager
def empty_index(trigrams: bool) -> Iterator[Transaction]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for script in index.migrations(trigrams):
            for statement in statements(script):
                database.execute(statement)
        yield database
        for table in ("words", "parts") if trigrams else ("words",):
            database.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")


def piece(path: str, *texts: str, whole: bool = True, keep: int | None = 0) -> Piece:
    chunks = tuple(
        Chunk(line=1 + 10 * n, text=text, digest=text.encode()) for n, text in enumerate(texts)
    )
    entry = Entry(path=path, at=3.0, stamp=STAMP)
    return Piece(entry=entry, chunks=chunks, keep=keep, whole=whole)


def found(tx: Transaction, query: str, limit: int = 50) -> list[str]:
    hits = search_files(tx, "logs", parse(query), limit).hits
    return [
        f"{hit.path}:{hit.line} {unmarked(hit.snippet)}" for hit in hits if isinstance(hit, FileHit)
    ]


def unmarked(snippet: str) -> str:
    return snippet.replace("«", "").replace("»", "")
