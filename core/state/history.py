"""What was committed, by whom, and what it did. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.state import receipts
from core.state.database import Transaction
from core.state.operations import Author, AuthorKind
from core.state.receipts import ReceiptLine

MOST_COMMITS = 1001  # a page of a thousand, and whether there are more


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInfo:
    """One commit. `base` is what its author saw; `undoes` and `undone_by` are commits."""

    number: int
    source: str
    author: Author
    base: int
    about: str
    at: float
    receipt: tuple[ReceiptLine, ...]
    undoes: int | None
    undone_by: int | None


_COLUMNS = (
    "number, source, author_kind, author_id, author, job, base, about, at, receipt, undoes,"
    " undone_by"
)
_NEWEST = f"SELECT {_COLUMNS} FROM commits WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608
_ONE = f"SELECT {_COLUMNS} FROM commits WHERE number = ?"  # noqa: S608 - constants
# What an undo moved has versions; one that moved nothing but a conflict is found by what it undoes.
_OF_KEY = (
    "WITH RECURSIVE touched (number) AS"  # noqa: S608 - constants
    " (SELECT o.commit_no FROM operations AS o JOIN entries AS e ON e.id = o.entry"
    " WHERE e.key = ?3 AND e.space IN ('entry', 'file')"
    " UNION SELECT v.commit_no FROM versions AS v JOIN entries AS e ON e.id = v.entry"
    " WHERE e.key = ?3 AND e.space IN ('entry', 'file')"
    " UNION SELECT c.number FROM touched AS t JOIN commits AS c ON c.undoes = t.number)"
    f" SELECT {_COLUMNS} FROM commits WHERE number < ?1 AND number IN touched"
    " ORDER BY number DESC LIMIT ?2"
)


def history(
    tx: Transaction, key: str | None = None, before: int | None = None, limit: int = 50
) -> tuple[CommitInfo, ...]:
    """Commits below `before`, newest first; only those that touched the key or path, if given."""
    below = 2**62 if before is None else before
    most = max(0, min(limit, MOST_COMMITS))
    if key is None:
        rows = tx.execute(_NEWEST, (below, most))
    else:
        rows = tx.execute(_OF_KEY, (below, most, key))
    return tuple(_info(row) for row in rows)


def commit_info(tx: Transaction, number: int) -> CommitInfo | None:
    """One commit, if there is one of that number."""
    row = tx.execute(_ONE, (number,)).fetchone()
    return None if row is None else _info(row)


def _info(row: Sequence[Any]) -> CommitInfo:
    number, source, kind, person_id, name, job, base, about, at, receipt, undoes, undone_by = row
    return CommitInfo(
        number=number,
        source=source,
        author=Author(kind=AuthorKind(kind), person_id=person_id, name=name, job=job),
        base=base,
        about=about,
        at=at,
        receipt=receipts.undump(receipt),
        undoes=undoes,
        undone_by=undone_by,
    )
