import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from core.search.channel import search_messages
from core.search.hits import MessageHit
from core.search.query import parse
from core.search.ranked import NEWEST
from core.state.database import Transaction
from core.state.migration import statements
from core.state.schema import channel_migrations


@pytest.fixture
def tx() -> Iterator[Transaction]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for script in channel_migrations():
            for statement in statements(script):
                database.execute(statement)
        yield database


def say(tx: Transaction, *texts: str, author: str = "Ann") -> None:
    tx.executemany(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES (lower(hex(randomblob(8))), 't1', 'u1', ?, ?, 5.0)",
        [(author, text) for text in texts],
    )


def hits(tx: Transaction, query: str, upto: int | None = None, limit: int = 20) -> list[MessageHit]:
    found = search_messages(tx, parse(query), upto, limit).hits
    return [hit for hit in found if isinstance(hit, MessageHit)]


def found(tx: Transaction, query: str, *, upto: int | None = None, limit: int = 20) -> list[int]:
    return [hit.seq for hit in hits(tx, query, upto, limit)]


def test_a_message_is_found_in_the_transaction_that_says_it(tx: Transaction) -> None:
    tx.execute("BEGIN")
    say(tx, "the deploy\nof payments failed")
    (hit,) = hits(tx, "payments")
    assert (hit.seq, hit.thread, hit.author, hit.at) == (1, "t1", "Ann", 5.0)
    assert (hit.line, hit.snippet) == (2, "of «payments» failed")
    tx.execute("ROLLBACK")
    assert found(tx, "payments") == []


def test_all_words_have_to_occur_and_phrases_stand_together(tx: Transaction) -> None:
    say(tx, "red green", "green red", "red", "redder")
    assert sorted(found(tx, "red green")) == [1, 2]
    assert found(tx, '"red green"') == [1]
    assert sorted(found(tx, "red*")) == [1, 2, 3, 4]


def test_accents_and_case_make_no_difference(tx: Transaction) -> None:
    say(tx, "Größe geändert")
    assert found(tx, "GROSSE") == []
    assert found(tx, "grosse* OR geandert") == [1]
    assert found(tx, "GRÖßE") == [1]


def test_without_a_message_of_all_words_those_with_some_are_found(tx: Transaction) -> None:
    say(tx, "red fox", "green frog", "blue bird")
    result = search_messages(tx, parse("red green"), None, 20)
    assert {hit.seq for hit in hits(tx, "red green")} == {1, 2}
    assert result.partial
    assert not search_messages(tx, parse("violet"), None, 20).partial


def test_nothing_after_the_snapshot_is_seen(tx: Transaction) -> None:
    say(tx, "word one", "word two", "word three")
    assert found(tx, "word", upto=2) == [2, 1]
    assert found(tx, "three", upto=2) == []
    assert found(tx, "two three", upto=2) == [2]
    assert found(tx, "word", upto=0) == []


def test_deleted_and_changed_messages_leave_the_index(tx: Transaction) -> None:
    say(tx, "apple", "pear")
    tx.execute("DELETE FROM messages WHERE seq = 1")
    tx.execute("UPDATE messages SET text = 'plum' WHERE seq = 2")
    assert found(tx, "apple pear") == []
    assert found(tx, "plum") == [2]
    tx.execute("INSERT INTO messages_words (messages_words) VALUES ('integrity-check')")


def test_questions_to_the_search_and_answers_to_commands_are_not_found(tx: Transaction) -> None:
    say(tx, "a quokka", "/search quokka", "/etc/quokka is gone")
    tx.execute(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES ('reply:message:2', 't1', '', '', '#1: a quokka', 5.0)"
    )
    assert sorted(found(tx, "quokka")) == [1, 3]
    tx.execute("UPDATE messages SET text = '(forgotten)' WHERE seq IN (2, 4)")
    tx.execute("UPDATE messages SET text = '/search it' WHERE seq = 3")
    assert (found(tx, "quokka"), found(tx, "forgotten"), found(tx, "it")) == ([1], [2], [])
    tx.execute("DELETE FROM messages")
    tx.execute("INSERT INTO messages_words (messages_words) VALUES ('integrity-check')")


def test_the_better_match_comes_first_and_of_equal_ones_the_newer(tx: Transaction) -> None:
    say(tx, "cat " + "and so on " * 50, "cat cat", "cat cat", "dog")
    assert found(tx, "cat") == [3, 2, 1]


def test_common_words_rank_their_newest_matches_and_say_so(tx: Transaction) -> None:
    tx.execute("BEGIN")
    say(tx, "common common common best", *["common word"] * NEWEST)
    tx.execute("COMMIT")
    result = search_messages(tx, parse("common"), None, 5)
    assert 1 not in found(tx, "common")
    assert "newest 5000" in result.notes[0]
    assert found(tx, "common best") == [1]


def test_a_rare_word_is_not_drowned_by_a_common_one(tx: Transaction) -> None:
    tx.execute("BEGIN")
    say(tx, "needle", *["common word"] * (NEWEST + 1))
    tx.execute("COMMIT")
    assert found(tx, "common needle") == [1]


def test_a_message_of_megabytes_is_found_without_reading_it_word_by_word(tx: Transaction) -> None:
    say(tx, "start of it " + "filler " * 700_000 + " needle")
    (hit,) = search_messages(tx, parse("needle"), None, 20).hits
    assert hit.snippet.startswith("start of it")


def test_marks_in_a_message_are_only_text(tx: Transaction) -> None:
    say(tx, "\x02\x03\x03\x02 odd \x02word", "\x03\x02")
    (hit,) = search_messages(tx, parse("odd"), None, 20).hits
    assert hit.snippet == "«»»« «odd» «word"
