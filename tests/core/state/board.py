"""A channel's state in memory, with short words for what happens to it. Checks nothing itself."""

import sqlite3
import weakref
from contextlib import closing
from functools import cache
from typing import Any

from core.state.apply import Merged, merge
from core.state.conflicts import OpenConflict, open_conflicts, part
from core.state.entries import Entry, read_entry
from core.state.facts import Space, head
from core.state.files import read_file
from core.state.folding import fold_keys, grouping, together
from core.state.migration import statements
from core.state.operations import Author, AuthorKind, Delta, FileChange, Json, Op, Operation
from core.state.person import person_delete, person_put
from core.state.resolution import Stale, resolve
from core.state.rules import Rules
from core.state.schema import channel_migrations
from core.state.undo import undo

ANN = Author(kind=AuthorKind.PERSON, person_id="u1", name="Ann")
BEN = Author(kind=AuthorKind.PERSON, person_id="u2", name="Ben")


def put(key: str, value: Json) -> Operation:
    return Operation(key=key, op=Op.PUT, argument=value)


def add(key: str, value: Json) -> Operation:
    return Operation(key=key, op=Op.ADD, argument=value)


def append(key: str, value: Json) -> Operation:
    return Operation(key=key, op=Op.APPEND, argument=value)


def include(key: str, value: Json) -> Operation:
    return Operation(key=key, op=Op.INCLUDE, argument=value)


def exclude(key: str, value: Json) -> Operation:
    return Operation(key=key, op=Op.EXCLUDE, argument=value)


def text(key: str, value: str) -> Operation:
    return Operation(key=key, op=Op.TEXT, argument=value)


def patch(key: str, **fields: Json) -> Operation:
    return Operation(key=key, op=Op.PATCH, argument=fields)


def delete(key: str) -> Operation:
    return Operation(key=key, op=Op.DELETE)


def write(path: str, content: bytes, *, executable: bool = False) -> FileChange:
    return FileChange(path=path, content=content, executable=executable)


def remove(path: str) -> FileChange:
    return FileChange(path=path, content=None)


def job_author(number: int) -> Author:
    return Author(kind=AuthorKind.JOB, person_id="u1", name="Ann", job=number)


# A key that was never written, or whose every write is undone.
NOTHING_AT_ALL: tuple[Any, ...] = ((None, None, 0, 0, 0, 0, 0, 0, 0), [], [], [], [])


@cache
def _empty() -> bytes:
    """A channel in which nothing has happened: most boards live for milliseconds."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as tx:
        for script in channel_migrations():
            for statement in statements(script):
                tx.execute(statement)
        return tx.serialize()


class Board:
    """One channel. `base` None is head; each call is one transaction."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.tx = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        # Of many boards nobody says when they are done with.
        weakref.finalize(self, self.tx.close)
        self.tx.deserialize(_empty())
        self.rules = rules or Rules()
        self._sources = 0

    def close(self) -> None:
        self.tx.close()

    def source(self, word: str) -> str:
        self._sources += 1
        return f"{word}:{self._sources}"

    @property
    def head(self) -> int:
        return head(self.tx)

    def merge(
        self,
        author: Author,
        *changes: Operation | FileChange,
        base: int | None = None,
        source: str | None = None,
    ) -> Merged:
        delta = Delta(
            source=source or self.source("delta"),
            author=author,
            base=self.head if base is None else base,
            at=1.0,
            about=str(author),
            operations=tuple(one for one in changes if isinstance(one, Operation)),
            files=tuple(one for one in changes if isinstance(one, FileChange)),
        )
        return merge(self.tx, delta, self.rules)

    def job(self, number: int, *changes: Operation | FileChange, base: int | None = None) -> Merged:
        return self.merge(job_author(number), *changes, base=base, source=f"job:{number}")

    def set(self, key: str, text: str, base: int | None = None, author: Author = ANN) -> Merged:
        return person_put(
            self.tx, key, text,
            author=author, at=1.0, source=self.source("message"), rules=self.rules, base=base,
        )  # fmt: skip

    def unset(self, key: str) -> Merged:
        return person_delete(
            self.tx, key, author=ANN, at=1.0, source=self.source("message"), rules=self.rules
        )

    def undo(self, commit: int | None) -> Merged:
        assert commit is not None
        return undo(self.tx, commit, ANN, 1.0, self.source("press"))

    def resolve(self, number: int, revision: int | None, choice: int | str) -> Merged | Stale:
        return resolve(
            self.tx, number, revision, choice, ANN, 1.0, self.source("press"), self.rules
        )

    def entry(self, key: str, at: int | None = None) -> Entry | None:
        return read_entry(self.tx, key, at)

    def value(self, key: str, at: int | None = None) -> Json:
        entry = self.entry(key, at)
        return None if entry is None else entry.value

    def file(self, path: str, at: int | None = None) -> bytes | None:
        return read_file(self.tx, path, at)

    def conflicts(self) -> tuple[OpenConflict, ...]:
        return open_conflicts(self.tx)

    def everything(self) -> dict[str, Any]:
        """All that stands and waits: what two histories are compared by."""
        keys = self.tx.execute("SELECT id, space, key FROM entries").fetchall()
        found = {f"{space} {key}": self._all_of(entry) for entry, space, key in keys}
        return {key: one for key, one in found.items() if one != NOTHING_AT_ALL}

    def _all_of(self, entry: int) -> tuple[Any, ...]:
        alive = "WHERE entry = ? AND removed IS NULL ORDER BY 1, 2"
        columns = "kind, body, changed, born, cleared, person, order_base, order_rank, saw"
        queries = (
            f"SELECT {columns} FROM versions WHERE entry = ? ORDER BY commit_no DESC LIMIT 1",
            f"SELECT order_base, order_rank, operation FROM lines {alive}, 3",
            f"SELECT element, operation FROM stamps {alive}",
            "SELECT commit_no, conflict IS NOT NULL, part FROM losers WHERE entry = ? ORDER BY 1",
            "SELECT 1 FROM conflicts WHERE entry = ? AND closed IS NULL",
        )
        first, *others = (self.tx.execute(query, (entry,)).fetchall() for query in queries)
        return (first[0] if first else NOTHING_AT_ALL[0], *others)

    def folded(self) -> dict[str, Any]:
        """The same as `everything`, computed from all writes that count."""
        keys = self.tx.execute("SELECT id, space, key FROM entries").fetchall()
        found = {f"{key[1]} {key[2]}": self._folded(key) for key in keys}
        return {key: one for key, one in found.items() if one != NOTHING_AT_ALL}

    def _folded(self, key: tuple[int, Space, str]) -> tuple[Any, ...]:
        now = fold_keys(self.tx, together(self.tx, key, grouping(self.tx)))[key[2]]
        candidates = {write.commit for write in now.candidates}
        commits = (
            "SELECT c.order_base, c.order_rank, o.id FROM operations AS o"
            " JOIN commits AS c ON c.number = o.commit_no WHERE o.id = ?"
        )
        lines = [self.tx.execute(commits, (one,)).fetchone() for one in now.lines]
        stands = now.standing
        return (
            (stands.kind, *stands[1:-2], *stands.order, stands.saw),
            sorted(lines),
            sorted((element, operation) for operation, element in now.stamps.items()),
            [(one, int(one in candidates), part(now.losers[one])) for one in sorted(now.losers)],
            [(1,)] if candidates else [],
        )
