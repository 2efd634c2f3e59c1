"""The best matches within a bounded time: common words rank only their newest matches.

Ranking walks over every match, and a common word matches a third of a million rows. The newest
ones are found without looking at the others, so the rank is taken among those.
"""

from dataclasses import dataclass

from core.search.query import Query, any_of
from core.state.database import Transaction

NEWEST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How one full-text table is asked; the parameters are named in the statements.

    `newest` gives the least rowid and the number of the newest :most matches of :words up to :upto.
    `best` gives the :limit best rows among the matches of :words from :least to :upto.
    """

    newest: str
    best: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Rows of a table's `best` statement: `newest` if they are of the newest matches alone.

    `partial` rows have some of the words, because none has all of them.
    """

    rows: list[tuple[object, ...]]
    newest: bool = False
    partial: bool = False

    def notes(self, where: str) -> tuple[str, ...]:
        """What to know about the rows."""
        note = f"{where}: such common words that only the newest {NEWEST} matches were ranked"
        return (note,) if self.newest else ()


def ranked(tx: Transaction, table: Table, query: Query, upto: int, limit: int) -> Ranked:
    """Rows with all of the words; if there are none, rows with some of them."""
    words = query.all_of()
    least, found = _newest(tx, table, words, upto)
    partial = not found and len(query.terms) > 1
    if partial:
        words = any_of(_telling(tx, table, query.terms, upto))
        least, found = _newest(tx, table, words, upto)
    if not found:
        return Ranked(rows=[])
    given = {"words": words, "least": least, "upto": upto, "limit": limit}
    rows = tx.execute(table.best, given).fetchall()
    return Ranked(rows=rows, newest=found == NEWEST, partial=partial)


def _newest(tx: Transaction, table: Table, words: str, upto: int) -> tuple[int, int]:
    given = {"words": words, "upto": upto, "most": NEWEST}
    least, found = tx.execute(table.newest, given).fetchone()
    return least or 0, found


def _telling(tx: Transaction, table: Table, terms: tuple[str, ...], upto: int) -> tuple[str, ...]:
    """The terms that are not common: among those that are, a rare one's old match would drown."""
    rare = tuple(term for term in terms if 0 < _newest(tx, table, term, upto)[1] < NEWEST)
    return rare or terms
