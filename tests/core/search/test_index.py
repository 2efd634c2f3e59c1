from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.search import index
from core.state.database import Transaction
from tests.core.search.files_index import STAMP, empty_index, found, piece


@pytest.fixture(params=[False, True], ids=["words", "trigrams"])
def tx(request: pytest.FixtureRequest) -> Iterator[Transaction]:
    with empty_index(request.param) as database:
        yield database


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


def test_one_chunk_does_not_crowd_out_the_others(tx: Transaction) -> None:
    index.put(tx, (piece("a.log", "error\n" * 30), piece("b.log", "an error among other words")))
    assert any(hit.startswith("b.log:1 ") for hit in found(tx, "error", 7))
    assert len(found(tx, "error")) == 31


def test_what_is_skipped_is_listed_with_its_reason(tx: Transaction) -> None:
    skipped = piece("b.bin")
    skipped = replace(skipped, entry=replace(skipped.entry, skipped="is not text"))
    index.put(tx, (piece("a.log", "one"), skipped))
    assert index.contents(tx, 10) == index.Contents(
        files=1, size=5, skipped=1, reasons=(("b.bin", "is not text"),)
    )
    assert index.contents(tx, 0).reasons == ()
