"""Who made a key what it is: the last writer, those before, who pinned it, what a turn was asked.
Reads only."""

from dataclasses import dataclass

from core.state import receipts
from core.state.database import Transaction
from core.state.facts import Space, read_write, standing_at
from core.state.history import CommitInfo, commit_info
from core.state.operations import Kind

MOST_NAMED = 5
_COUNTED = 10_000
_ASKED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a key comes from: the commit that wrote `last` to it, and what message asked for that.

    `makers` are the newest of the `count` commits that made it together, each with what it wanted
    ("+ 3", "+2 lines").
    """

    last: CommitInfo
    asked: str
    makers: tuple[tuple[CommitInfo, str], ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Who keeps a key in the agent's sight, since when (Unix seconds)."""

    person: str
    at: float


def origin(tx: Transaction, space: Space, key: str, at: int) -> Origin | None:
    """Who made an entry or a file what it was at a commit; None when there was none."""
    row = tx.execute("SELECT id FROM entries WHERE space = ? AND key = ?", (space, key)).fetchone()
    standing = standing_at(tx, row[0], at) if row else None
    if standing is None or standing.kind is None:
        return None
    last = commit_info(tx, standing.changed)
    if last is None:
        return None
    asked = asked_by(tx, last)
    if standing.kind is Kind.VALUE:
        return Origin(last=last, asked=asked)
    values = {"entry": row[0], "born": standing.born, "at": at, "most": _COUNTED}
    numbers = [number for (number,) in tx.execute(_MAKERS, values)]
    makers = []
    for number in numbers[:MOST_NAMED]:
        info = commit_info(tx, number)
        if info is not None:
            makers.append((info, receipts.wish(read_write(tx, row[0], number))))
    return Origin(last=last, asked=asked, makers=tuple(makers), count=len(numbers))


# Undone writes and those that lost are in nothing that stands.
_MAKERS = """
    SELECT DISTINCT o.commit_no FROM operations AS o JOIN commits AS c ON c.number = o.commit_no
    WHERE o.entry = :entry AND o.commit_no BETWEEN :born AND :at
        AND (c.undone_by IS NULL OR c.undone_by > :at)
        AND NOT EXISTS (SELECT 1 FROM losers AS l
            WHERE l.entry = o.entry AND l.commit_no = o.commit_no)
    ORDER BY o.commit_no DESC LIMIT :most
"""


def asked_by(tx: Transaction, info: CommitInfo) -> str:
    """The beginning of the message that a turn answered; "" for what no message asked for."""
    row = tx.execute(
        "SELECT substr(m.text, 1, ?), length(m.text) FROM turns AS t"
        " JOIN messages AS m ON t.message = 'message:' || m.id WHERE t.id = ?",
        (_ASKED, info.source),
    ).fetchone()
    if row is None:
        return ""
    text, size = " ".join(row[0].split()), row[1]
    return f"{text}…" if size > _ASKED else text


def pin_of(tx: Transaction, key: str) -> Pin | None:
    """Who pinned a key, if somebody did."""
    row = tx.execute("SELECT person, at FROM pins WHERE key = ?", (key,)).fetchone()
    return None if row is None else Pin(person=row[0], at=row[1])
