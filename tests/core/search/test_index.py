import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from core.search import index
from core.search.folder import Entry, Stamp
from core.search.hits import FileHit
from core.search.pieces import Piece
from core.search.query import parse
from core.search.reading import Chunk
from core.state.database import Transaction, statements

STAMP = Stamp(size=5, mtime_ns=6, inode=7)


def unmarked(snippet: str) -> str:
    return snippet.replace("«", "").replace("»", "")


@pytest.fixture
def tx() -> Iterator[Transaction]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for script in index.migrations():
            for statement in statements(script):
                database.execute(statement)
        yield database
        database.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def piece(path: str, *texts: str, whole: bool = True, keep: int | None = 0) -> Piece:
    chunks = tuple(
        Chunk(line=1 + 10 * n, text=text, digest=text.encode()) for n, text in enumerate(texts)
    )
    entry = Entry(path=path, at=3.0, stamp=STAMP)
    return Piece(entry=entry, chunks=chunks, keep=keep, whole=whole)


def found(tx: Transaction, query: str, limit: int = 50) -> list[str]:
    hits = index.search_files(tx, "logs", parse(query), limit).hits
    return [
        f"{hit.path}:{hit.line} {unmarked(hit.snippet)}" for hit in hits if isinstance(hit, FileHit)
    ]


def test_a_file_is_known_whole_only_with_its_last_piece(tx: Transaction) -> None:
    index.put(tx, (piece("a.log", "one", whole=False),))
    assert index.known(tx, "") == {"a.log": None}
    index.put(tx, (piece("a.log", "two", keep=None),))
    assert index.known(tx, "") == {"a.log": STAMP}
    assert index.digests(tx, "a.log") == (b"one", b"two")


def test_new_text_replaces_all_but_what_is_kept(tx: Transaction) -> None:
    index.put(tx, (piece("a.log", "one", "two", "three"), piece("b.log", "two")))
    index.put(tx, (piece("a.log", "four", keep=1),))
    assert index.digests(tx, "a.log") == (b"one", b"four")
    assert found(tx, "two") == ["b.log:1 two"]


def test_only_what_is_at_and_below_a_path_is_known(tx: Transaction) -> None:
    paths = ["a", "a/b", "a/b/c", "a.log", "a0", "b", "a%", "a_b"]
    index.put(tx, tuple(piece(path, "x") for path in paths))
    assert set(index.known(tx, "")) == set(paths)
    assert set(index.known(tx, "a")) == {"a", "a/b", "a/b/c"}
    assert set(index.known(tx, "a/b")) == {"a/b", "a/b/c"}


def test_files_are_forgotten_in_steps(tx: Transaction) -> None:
    index.put(tx, (piece("a", *"12345"), piece("b", "6"), piece("c", "7")))
    assert index.forget(tx, ["a", "b"], 3) == 0
    assert len(index.digests(tx, "a")) == 2
    assert index.forget(tx, ["a", "b"], 10) == 2
    assert set(index.known(tx, "")) == {"c"}


def test_lines_with_more_of_the_words_come_first(tx: Transaction) -> None:
    index.put(tx, (piece("a.log", "red\nred\nred green\nred"), piece("b.log", "red\ngreen")))
    hits = found(tx, "red green")
    assert hits[0] == "a.log:3 red green"
    assert set(hits[1:]) == {
        "a.log:1 red",
        "a.log:2 red",
        "a.log:4 red",
        "b.log:1 red",
        "b.log:2 green",
    }


def test_one_line_with_all_words_beats_lines_that_share_them(tx: Transaction) -> None:
    apart = piece("a.log", "red\ngreen\nred\ngreen\nred\ngreen")
    together = piece("b.log", "red green" + "\nand much else that is not looked for" * 20)
    index.put(tx, (apart, together))
    assert found(tx, "red green")[0] == "b.log:1 red green"


def test_one_chunk_does_not_crowd_out_the_others(tx: Transaction) -> None:
    index.put(tx, (piece("a.log", "error\n" * 30), piece("b.log", "an error among other words")))
    assert any(hit.startswith("b.log:1 ") for hit in found(tx, "error", 7))
    assert len(found(tx, "error")) == 31


def test_a_path_is_searched_too_and_told_once(tx: Transaction) -> None:
    index.put(tx, (piece("build-17/test.log", "  first", "second"), piece("b.log", "first")))
    assert found(tx, '"build 17"') == ["build-17/test.log:1 first"]
    assert found(tx, "build-17 second") == ["build-17/test.log:11 second"]


def test_what_is_skipped_is_listed_with_its_reason(tx: Transaction) -> None:
    skipped = piece("b.bin")
    skipped = replace(skipped, entry=replace(skipped.entry, skipped="is not text"))
    index.put(tx, (piece("a.log", "one"), skipped))
    assert index.contents(tx, 10) == index.Contents(
        files=1, size=5, skipped=1, reasons=(("b.bin", "is not text"),)
    )
    assert index.contents(tx, 0).reasons == ()
