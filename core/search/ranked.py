"""The best matches within a bounded time: common words rank only their newest matches.

Ranking looks at every match, and a common word matches a third of a million rows. The newest
ones are found without looking at the others, so only those are ranked.
"""

import json
from dataclasses import dataclass

from core.search.query import Query, any_of
from core.state.database import Transaction

NEWEST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How one full-text table is asked.

    `count` counts the matches of :words up to row :upto, at most :most. `best` gives, of the newest
    :most of them, the :limit best by row, each with how many were ranked. `shown` gives what
    there is to show of the matches of :words among :rows (JSON), all between :first and :last; the
    row comes first.
    """

    count: str
    best: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Rows of a table's `shown` statement, best first; `newest` if only the newest were ranked.

    `partial` rows have some of the words, because none has all of them.
    """

    rows: tuple[tuple[object, ...], ...]
    newest: bool = False
    partial: bool = False

    def notes(self, where: str) -> tuple[str, ...]:
        """What to know about the rows."""
        note = f"{where}: such common words that only the newest {NEWEST} matches were ranked"
        return (note,) if self.newest else ()


def ranked(tx: Transaction, table: Table, query: Query, upto: int, limit: int) -> Ranked:
    """Rows with all of the words; if there are none, rows with some of them."""
    found = _best(tx, table, query.all_of(), upto, limit)
    if found.rows or len(query.terms) == 1:
        return found
    # Among the many matches of a common word, an old one of a rare word would drown.
    rare = tuple(term for term in query.terms if 0 < _count(tx, table, term, upto) < NEWEST)
    found = _best(tx, table, any_of(rare or query.terms), upto, limit)
    return Ranked(rows=found.rows, newest=found.newest, partial=bool(found.rows))


def _best(tx: Transaction, table: Table, words: str, upto: int, limit: int) -> Ranked:
    given = {"words": words, "upto": upto, "most": NEWEST, "limit": limit}
    best = tx.execute(table.best, given).fetchall()
    if not best:
        return Ranked(rows=())
    order = [row for row, _ in best]
    # In one statement: each would begin with gathering the matches anew.
    given = {"words": words, "rows": json.dumps(order), "first": min(order), "last": max(order)}
    shown = {row[0]: row for row in tx.execute(table.shown, given)}
    return Ranked(rows=tuple(shown[row] for row in order), newest=best[0][1] == NEWEST)


def _count(tx: Transaction, table: Table, words: str, upto: int) -> int:
    given = {"words": words, "upto": upto, "most": NEWEST}
    return int(tx.execute(table.count, given).fetchone()[0])
