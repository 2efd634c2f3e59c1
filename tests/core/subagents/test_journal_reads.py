import sqlite3
from collections.abc import Iterator

import pytest

from core.state.migration import statements
from core.state.reads import (
    FileRead,
    FolderRead,
    KeyRead,
    Mention,
    PrefixRead,
    Read,
    SearchRead,
    Seen,
)
from core.subagents.journal import job_migrations
from core.subagents.journal_reads import add_reads, read_reads

READS: list[Read] = [
    KeyRead(key="k", commit=3),
    KeyRead(key="none", commit=0),
    PrefixRead(prefix="p.", commit=9, last="p.z", own=("p.a", "p.b")),
    PrefixRead(prefix="", commit=0),
    FileRead(path="docs/größer.md", commit=2),
    FolderRead(path=""),
    SearchRead(query="a b", source=None, upto=7, seen=(Seen("message", "5", "ab"),)),
    SearchRead(query="a b", source="ci", upto=7, seen=()),
]


@pytest.fixture
def tx() -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements(job_migrations()[0]):
        found.execute(statement)
    yield found
    found.close()


def test_what_is_kept_is_read_back_each_thing_once(tx: sqlite3.Connection) -> None:
    add_reads(tx, 1, READS)
    add_reads(tx, 2, READS)
    assert set(read_reads(tx)) == set(READS)
    assert len(read_reads(tx)) == len(READS)
    tx.close()


def test_mentions_are_no_rows_and_a_foreign_row_is_refused(tx: sqlite3.Connection) -> None:
    with pytest.raises(AssertionError):
        add_reads(tx, 1, [Mention(path="a")])
    tx.execute("INSERT INTO reads VALUES (1, 'dream', '', 0, 'null')")
    with pytest.raises(ValueError, match="dream"):
        read_reads(tx)
    tx.close()
