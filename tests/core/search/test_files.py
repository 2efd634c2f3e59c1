from collections.abc import Iterator

import pytest

from core.search import index
from core.search.files import search_files
from core.search.query import parse
from core.state.database import Transaction
from tests.core.search.files_index import empty_index, found, piece


@pytest.fixture
def tx() -> Iterator[Transaction]:
    with empty_index(trigrams=False) as database:
        yield database


@pytest.fixture
def parts() -> Iterator[Transaction]:
    with empty_index(trigrams=True) as database:
        yield database


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


def test_a_path_is_searched_too_and_told_once(tx: Transaction) -> None:
    index.put(tx, (piece("build-17/test.log", "  first", "second"), piece("b.log", "first")))
    assert found(tx, '"build 17"') == ["build-17/test.log:1 first"]
    assert found(tx, "build-17 second") == ["build-17/test.log:11 second"]


def test_parts_of_words_are_found_only_where_they_are_indexed(
    tx: Transaction, parts: Transaction
) -> None:
    for database in (tx, parts):
        index.put(database, (piece("a.log", "PaymentsGateway failed"),))
    assert found(tx, "mentsgate") == []
    assert found(parts, "mentsgate") == ["a.log:1 PaymentsGateway failed"]


def test_signs_are_found_in_quotes(tx: Transaction, parts: Transaction) -> None:
    for database in (tx, parts):
        index.put(database, (piece("a.py", "x = lambda: {\n'a': b => c"),))
    assert found(parts, '"lambda: {"') == ["a.py:1 x = lambda: {"]
    assert found(parts, '"b => c"') == ["a.py:2 'a': b => c"]
    assert found(parts, '"\': b" "b =>"') == ["a.py:2 'a': b => c"]
    assert found(tx, '"=> ="') == []


def test_whole_words_come_before_parts_and_nothing_comes_twice(parts: Transaction) -> None:
    index.put(parts, (piece("a.log", "the catalogue", "a cat", "concatenate"),))
    assert found(parts, "cat") == [
        "a.log:11 a cat", "a.log:21 concatenate", "a.log:1 the catalogue",
    ]  # fmt: skip
    assert found(parts, "cat", 2) == ["a.log:11 a cat", "a.log:21 concatenate"]


def test_all_parts_beat_some_words(parts: Transaction) -> None:
    index.put(parts, (piece("a.log", "gateway", "thegateway wasfailing"),))
    assert found(parts, "gateway failing") == ["a.log:11 thegateway wasfailing"]
    assert search_files(parts, "logs", parse("gateway nowhere"), 5).partial


def test_words_too_short_for_parts_are_told(parts: Transaction) -> None:
    index.put(parts, (piece("a.log", "go.mod of it", "ergo.modern"),))
    result = search_files(parts, "logs", parse("go modern"), 5)
    assert result.notes == ("logs: parts of words need three characters",)
    assert len(result.hits) == 1
