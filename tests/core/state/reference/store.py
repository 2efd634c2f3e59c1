"""The real store, driven as the model is: a channel's SQLite file, and crashes. Checks nothing."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.state.apply import Merged, merge
from core.state.conflicts import OpenConflict, open_conflicts
from core.state.database import Database, Transaction
from core.state.operations import Author, Delta, FileChange, Operation
from core.state.person import person_delete, person_put
from core.state.resolution import Stale, resolve, take
from core.state.rules import Rules
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.state.undo import undo
from tests.core.state.board import ANN
from tests.core.state.reference.model import Change

T = TypeVar("T")


class Crash(Exception):
    """The process ends before the transaction is committed."""


class Store:
    """One channel's file in a folder of its own. Each act is one transaction."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._loop = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="thaw-reference-")
        self._opened = 0
        self._database = self._open()

    def close(self) -> None:
        self._loop.run(self._database.close())
        self._loop.close()
        self._folder.cleanup()

    def crash(self) -> None:
        """Go on with what is on the disk while the file is open: what a killed bot leaves."""
        left = self._path()
        self._opened += 1
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{left}{suffix}", f"{self._path()}{suffix}")
        self._loop.run(self._database.close())
        self._database = self._open()

    def torn(self, act: Callable[[Transaction], object]) -> None:
        """Do something in a transaction that is never committed."""

        def half(tx: Transaction) -> None:
            act(tx)
            raise Crash

        try:
            self.write(half)
        except Crash:
            return

    def _path(self) -> Path:
        return Path(self._folder.name) / f"{self._opened}.db"

    def _open(self) -> Database:
        migrations = channel_migrations()
        return self._loop.run(Database.open(self._path(), CHANNEL_APPLICATION_ID, migrations))

    def read(self, function: Callable[[Transaction], T]) -> T:
        return self._loop.run(self._database.read(function))

    def write(self, function: Callable[[Transaction], T]) -> T:
        return self._loop.run(self._database.write(function))

    def delta(self, changes: list[Change], *, author: Author, base: int, source: str) -> Delta:
        return Delta(
            source=source,
            author=author,
            base=base,
            at=1.0,
            about="",
            operations=tuple(one for one in changes if isinstance(one, Operation)),
            files=tuple(one for one in changes if isinstance(one, FileChange)),
        )

    def merge(self, delta: Delta, *, torn: bool = False) -> Merged:
        if torn:
            self.torn(lambda tx: merge(tx, delta, self.rules))
        return self.write(lambda tx: merge(tx, delta, self.rules))

    def person_put(self, key: str, text: str, base: int, source: str) -> Merged:
        return self.write(
            lambda tx: person_put(
                tx, key, text, author=ANN, at=1.0, source=source, rules=self.rules, base=base
            )
        )

    def person_delete(self, key: str, source: str) -> Merged:
        return self.write(
            lambda tx: person_delete(tx, key, author=ANN, at=1.0, source=source, rules=self.rules)
        )

    def undo(self, commit: int, source: str) -> Merged:
        return self.write(lambda tx: undo(tx, commit, ANN, 1.0, source))

    def resolve(
        self, number: int, revision: int | None, choice: int | str, source: str
    ) -> Merged | Stale:
        return self.write(
            lambda tx: resolve(tx, number, revision, choice, ANN, 1.0, source, self.rules)
        )

    def take(self, key: str, commit: int, source: str) -> Merged:
        return self.write(lambda tx: take(tx, key, commit, ANN, 1.0, source))

    def conflicts(self) -> tuple[OpenConflict, ...]:
        return self.read(open_conflicts)
