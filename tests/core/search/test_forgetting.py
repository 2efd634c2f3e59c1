from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from core.search.channel import search_messages
from core.search.forgetting import scrub
from core.search.memory import advance
from core.search.query import parse
from core.search.state import search_state, search_workspace
from core.state.database import Database, Transaction
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from tests.core.search.deltas import change
from tests.core.state.board import append, put, write


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "channel.db"
    database = await Database.open(path, CHANNEL_APPLICATION_ID, channel_migrations())
    yield database
    await database.close()


def say(tx: Transaction, *texts: str) -> None:
    tx.executemany(
        "INSERT INTO messages (id, thread, author_id, author, text, at)"
        " VALUES (lower(hex(randomblob(8))), 't1', 'u1', 'Ann', ?, 5.0)",
        [(text,) for text in texts],
    )


async def all_steps(database: Database, step: Callable[[Transaction], bool]) -> None:
    while await database.write(step):
        pass


async def left_in_file(database: Database, word: str) -> bool:
    await all_steps(database, scrub)
    await database.run(lambda tx: tx.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    paths = database.path.parent.glob("channel.db*")
    return any(word.encode() in path.read_bytes() for path in paths)


async def found(database: Database, word: str) -> int:
    def look(tx: Transaction) -> int:
        query = parse(word)
        results = (
            search_messages(tx, query, None, 50),
            search_state(tx, query, None, 50),
            search_workspace(tx, query, None, 50),
        )
        return sum(len(result.hits) for result in results)

    return await database.read(look)


async def test_deleted_messages_leave_no_word_in_the_file(database: Database) -> None:
    # Several segments of the index, each with the word.
    for n in range(20):
        await database.write(partial(_say_some, n=n))
    assert await left_in_file(database, "zebrafish")
    await database.write(lambda tx: tx.execute("DELETE FROM messages WHERE seq % 2 = 0"))
    assert await found(database, "zebrafish") == 0
    assert not await left_in_file(database, "zebrafish")
    assert await found(database, "ordinary") == 50
    check = "INSERT INTO messages_words (messages_words) VALUES ('integrity-check')"
    await database.write(lambda tx: tx.execute(check))


def _say_some(tx: Transaction, n: int) -> None:
    for m in range(10):
        say(tx, f"ordinary {n} {m}", f"zebrafish {n} {m}")


async def test_nothing_of_a_forgotten_key_or_path_stays_in_the_file(database: Database) -> None:
    await database.write(change("1", put("k", "zebrafish one"), append("log", "a zebrafish")))
    await database.write(change("2", write("zebrafish.txt", b"a zebrafish swims")))
    await all_steps(database, advance)

    def forget(tx: Transaction) -> None:
        for table in ("versions", "operations", "blobs", "entries", "commits", "lines"):
            tx.execute(f"DELETE FROM {table}")

    assert await left_in_file(database, "zebrafish")
    await database.write(forget)
    assert not await left_in_file(database, "zebrafish")
    assert await found(database, "zebrafish") == 0


async def test_scrubbing_ends_when_there_is_nothing_to_do(database: Database) -> None:
    assert not await database.write(scrub)
    await database.write(partial(_say_some, n=1))
    await database.write(partial(_say_some, n=2))
    assert await database.write(scrub)
    await all_steps(database, scrub)
    assert not await database.write(scrub)
