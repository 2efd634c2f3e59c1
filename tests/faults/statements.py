"""SQLite that fails at one statement, as a locked file, a broken disk or a full one makes it fail.
Everything else about it is real."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock
from typing import Any


class Fault(StrEnum):
    """What goes wrong."""

    BUSY = "busy"
    IOERR = "io error"
    FULL = "full"


_CODES = {
    Fault.BUSY: (sqlite3.SQLITE_BUSY, "database is locked"),
    Fault.IOERR: (sqlite3.SQLITE_IOERR, "disk I/O error"),
    Fault.FULL: (sqlite3.SQLITE_FULL, "database or disk is full"),
}
# Of a transaction that has failed: SQLite has taken it by itself then.
_WAY_OUT = "ROLLBACK"


class Plan:
    """Counts the statements of all connections, from all threads; the `at`-th fails."""

    def __init__(self, at: int, fault: Fault) -> None:
        self.fault = fault
        self.struck = ""
        self._at = at
        self._count = 0
        self._lock = Lock()

    def strikes(self, sql: str) -> bool:
        """Whether this statement is the one."""
        if sql == _WAY_OUT:
            return False
        with self._lock:
            self._count += 1
            if self._count != self._at:
                return False
            self.struck = sql
            return True

    def error(self) -> sqlite3.OperationalError:
        """What SQLite raises."""
        code, words = _CODES[self.fault]
        error = sqlite3.OperationalError(words)
        error.sqlite_errorcode = code
        return error


class _Struck(sqlite3.Connection):
    plan: Plan

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """See sqlite3.Connection."""
        return self._tried(sql, lambda: super(_Struck, self).execute(sql, *values))

    def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """See sqlite3.Connection."""
        return self._tried(sql, lambda: super(_Struck, self).executemany(sql, *values))

    def _tried(self, sql: str, run: Any) -> sqlite3.Cursor:
        if not self.plan.strikes(sql):
            done: sqlite3.Cursor = run()
            return done
        if self.plan.fault is not Fault.BUSY and self.in_transaction:
            super().execute("ROLLBACK")  # as SQLite itself does when the disk fails
        raise self.plan.error()


@contextmanager
def struck(plan: Plan) -> Iterator[None]:
    """Every connection that is opened meanwhile follows the plan."""
    real: Any = sqlite3.connect

    def connect(
        *places: Any, factory: type[sqlite3.Connection] = sqlite3.Connection, **options: Any
    ) -> sqlite3.Connection:
        # In memory there is no disk, and nobody else.
        if places[0] != ":memory:":
            factory = type("_Planned", (_Struck, factory), {"plan": plan})
        opened: sqlite3.Connection = real(*places, factory=factory, **options)
        return opened

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite3.connect = real
