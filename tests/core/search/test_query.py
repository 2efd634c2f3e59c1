import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.search.query import MOST_WORDS, any_of, parse


@pytest.fixture(scope="module")
def words() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
        database.execute("INSERT INTO words VALUES ('hello world, the build failed')")
        database.execute("CREATE VIRTUAL TABLE parts USING fts5 (text, tokenize = 'trigram')")
        database.execute("INSERT INTO parts VALUES ('hello world => the \u00e9 build failed')")
        yield database


def matches(words: sqlite3.Connection, expression: str, table: str = "words") -> bool:
    rows = words.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", (expression,))
    return bool(rows.fetchall())


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("deploy failed", ('"deploy"', '"failed"')),
        ('"deploy failed" now', ('"deploy failed"', '"now"')),
        ("“deploy failed”", ('"deploy failed"',)),
        ('"never closed', ('"never closed"',)),
        ("deploy*", ('"deploy" *',)),
        ("src/pay-ment*", ('"src/pay-ment" *',)),
        ("a.py:17", ('"a.py:17"',)),
        ('say"hello"', ('"say"', '"hello"')),
        ("twice twice", ('"twice"',)),
        ("* ** - + ^ word", ('"word"',)),
        ("NOT word OR NEAR(x)", ('"NOT"', '"word"', '"OR"', '"NEAR(x)"')),
        ("nul\0byte", ('"nul"', '"byte"')),
        ("lone\ud800surrogate", ('"lone"', '"surrogate"')),
        ("größe 部署", ('"größe"', '"部署"')),
    ],
)
def test_words_phrases_and_beginnings_are_understood(text: str, terms: tuple[str, ...]) -> None:
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("deploy* ci failed", ('"deploy"', '"failed"')),
        ('" => x"', ('"=> x"',)),
        ('"=> {" word', ('"=> {"', '"word"')),
        ("=>> word", ('"word"',)),
        ("ci a.py:17", ('"a.py:17"',)),
    ],
)
def test_parts_are_the_texts_as_given_if_they_have_three_characters(
    text: str, parts: tuple[str, ...]
) -> None:
    assert parse(text).parts == parts


def test_signs_alone_are_parts_and_no_words(words: sqlite3.Connection) -> None:
    query = parse('"o world =>"')
    assert matches(words, query.parts[0], "parts")
    signs = parse('"=> ("')
    assert signs.terms == ()
    assert signs.notes == ("signs without words are only found in sources with trigrams",)


@pytest.mark.parametrize(
    "text", ["", "  ", '""', '"', "*", "\0", "🎉 -- !", '" * "', "*" * 100_000]
)
def test_a_query_without_words_says_what_to_give(text: str) -> None:
    with pytest.raises(BadRequest, match="give words to search for"):
        parse(text)


def test_a_beginning_of_one_letter_is_searched_as_a_word() -> None:
    query = parse("a* build*")
    assert query.terms == ('"a"', '"build" *')
    assert query.notes == ("a* was searched as a word: a beginning needs two letters",)


def test_only_the_first_words_of_a_long_query_are_used() -> None:
    query = parse(" ".join(f"w{n}" for n in range(200)))
    assert len(query.terms) == MOST_WORDS
    assert query.notes == (f"only the first {MOST_WORDS} words of the query were used",)


def test_a_long_phrase_is_cut_after_its_first_words() -> None:
    query = parse('"' + " ".join(f"w{n}" for n in range(200)) + '"')
    assert query.terms == ('"' + " ".join(f"w{n}" for n in range(MOST_WORDS)) + '"',)


@pytest.mark.parametrize("piece", ['"', "a ", '"a', "a*", "-", "é", "😀", '" "', "a" * 99])
def test_a_query_of_megabytes_is_understood_at_once(piece: str, words: sqlite3.Connection) -> None:
    began = time.thread_time()
    with suppress(BadRequest):
        matches(words, parse(piece * (5_000_000 // len(piece))).all_of())
    assert time.thread_time() - began < 0.5


@given(st.text())
def test_no_text_is_read_as_the_index_s_own_syntax(words: sqlite3.Connection, text: str) -> None:
    try:
        query = parse(text)
    except BadRequest:
        return
    for expression in (query.all_of(), any_of(query.terms), *query.terms) if query.terms else ():
        matches(words, expression)
    for expression in (any_of(query.parts), *query.parts) if query.parts else ():
        matches(words, expression, "parts")


@given(st.text(alphabet='"*()-+^:{}, \0\n\tANDORTEhello\ud800é'))
def test_syntax_characters_in_any_order_are_harmless(words: sqlite3.Connection, text: str) -> None:
    try:
        query = parse("hello " + text)
    except BadRequest:
        pytest.fail("there was a word")
    assert matches(words, any_of((*query.terms, '"hello"')))


def test_every_single_character_is_harmless(words: sqlite3.Connection) -> None:
    for code in range(0, sys.maxunicode, 7):
        matches(words, parse(f"hello {chr(code)}hello").all_of())
    for code in range(0x250):
        matches(words, parse(f"hello {chr(code)} {chr(code)}hello{chr(code)}").all_of())
