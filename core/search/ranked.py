"""The best matches within a bounded time: common words rank only their newest matches.

Ranking looks at every match, and a common word matches a third of a million rows. The newest
ones are found without looking at the others, so only those are ranked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.search.query import Query, any_of
from core.state.database import Transaction

NEWEST = 5000
# How many matches are looked at to find those that may be seen.
SCANNED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How one full-text table is asked; all statements are given what `ranked` is given.

    `count` counts the matches of :words, at most :most. `best` gives, of the newest :most that may
    be seen, the :limit best by row, each with how many were ranked. `shown` gives what there is to
    show of the matches of :words among :rows (JSON), all between :first and :last; the row comes
    first. `oldest` finds the row before which nothing is looked at (:from), where not all that
    match may be seen.
    """

    count: str
    best: str
    shown: str
    oldest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Rows of a table's `shown` statement, best first; `newest`: only so many newest were ranked.

    `partial` rows have some of the words, because none has all of them.
    """

    rows: tuple[tuple[object, ...], ...]
    newest: int = 0
    partial: bool = False

    def notes(self, where: str) -> tuple[str, ...]:
        """What to know about the rows."""
        note = f"{where}: such common words that only the newest {self.newest} matches were ranked"
        return (note,) if self.newest else ()


def ranked(tx: Transaction, table: Table, query: Query, limit: int, **given: int | str) -> Ranked:
    """Rows with all of the words; if there are none, rows with some of them."""
    if not query.terms:
        return Ranked(rows=())
    found = _best(tx, table, query.all_of(), limit, given)
    if found.rows or len(query.terms) == 1:
        return found
    # Among the many matches of a common word, an old one of a rare word would drown.
    rare = tuple(term for term in query.terms if 0 < _count(tx, table, term, given) < NEWEST)
    found = _best(tx, table, any_of(rare or query.terms), limit, given)
    return Ranked(rows=found.rows, newest=found.newest, partial=bool(found.rows))


def _best(
    tx: Transaction, table: Table, words: str, limit: int, given: Mapping[str, int | str]
) -> Ranked:
    asked = {**given, "words": words, "most": NEWEST, "limit": limit, "scanned": SCANNED, "from": 0}
    if table.oldest is not None and (row := tx.execute(table.oldest, asked).fetchone()):
        asked["from"] = row[0]
    best = tx.execute(table.best, asked).fetchall()
    newest = SCANNED if asked["from"] else 0
    if best and best[0][1] == NEWEST:
        newest = NEWEST
    if not best:
        return Ranked(rows=(), newest=newest)
    order = [row for row, _ in best]
    # In one statement: each would begin with gathering the matches anew.
    asked |= {"rows": json.dumps(order), "first": min(order), "last": max(order)}
    shown = {row[0]: row for row in tx.execute(table.shown, asked)}
    # What is being forgotten in this moment may have no commit any more.
    return Ranked(rows=tuple(shown[row] for row in order if row in shown), newest=newest)


def _count(tx: Transaction, table: Table, words: str, given: Mapping[str, int | str]) -> int:
    asked = {**given, "words": words, "most": NEWEST}
    return int(tx.execute(table.count, asked).fetchone()[0])
