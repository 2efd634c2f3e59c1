"""What one commit did to each key that it touched. Reads only; how it differs: `differences`."""

from operator import itemgetter

from core.messages.views import ChangeLine
from core.state import kept, receipts
from core.state.database import Transaction
from core.state.differences import LARGEST_SHOWN, Sides, difference
from core.state.facts import Space, standing_at
from core.state.history import CommitInfo
from core.state.values import dump

MOST_KEYS = 50
MOST_LINES = 40  # of the difference of one key
_ALL_LINES = 400
_COUNTED = 10_000
_LARGEST_LISTED = 100_000  # bytes: a list of commits holds the channel's writer


def changes(
    tx: Transaction, info: CommitInfo, key: str | None = None
) -> tuple[tuple[ChangeLine, ...], int]:
    """What the commit did to each key, and how many are left out; with `key` to this one alone,
    for a list of commits, in which less is compared.

    Empty where the state before it is not kept any more.
    """
    if info.number - 1 < kept.floor(tx):
        return (), 0
    root = _root(tx, info)
    told = _told(info)
    lines: list[ChangeLine] = []
    left, largest = _ALL_LINES, LARGEST_SHOWN if key is None else _LARGEST_LISTED
    touched = _touched(tx, info, root, key)
    for entry, space, name in sorted(touched[:MOST_KEYS], key=itemgetter(1, 2)):
        before, after = (standing_at(tx, entry, at) for at in (info.number - 1, info.number))
        sides = Sides(entry, space, name, info.number, root, before, after)
        most = min(MOST_LINES, left)
        diff = difference(tx, sides, most, largest) if left > 0 else _LEFT_OUT
        left -= len(diff)
        text = told.get(name) or receipts.folded(name, before, after, None).text
        lines.append(ChangeLine(key=name, file=space == "file", text=text, diff=diff))
    return tuple(lines), len(touched) - len(lines)


_LEFT_OUT = ("… left out here; /history shows one key",)
_BY_KEY = """
    SELECT e.id, e.space, e.key FROM entries AS e
    WHERE e.space IN ('entry', 'file') AND e.key = :key AND (
        EXISTS (SELECT 1 FROM operations AS o
            WHERE o.entry = e.id AND o.commit_no IN (:commit, :root))
        OR EXISTS (SELECT 1 FROM versions AS v WHERE v.entry = e.id AND v.commit_no = :commit))
    ORDER BY e.space
"""
# In the order of the operations: to sort a million of them would hold the channel's writer.
_WANTED = """
    SELECT e.id, e.space, e.key FROM
        (SELECT DISTINCT entry FROM operations WHERE commit_no IN (:commit, :root) LIMIT :most) AS o
    JOIN entries AS e ON e.id = o.entry
"""
_TOLD = """
    SELECT e.id, e.space, e.key FROM json_each(:told) AS k
    JOIN entries AS e ON e.space IN ('entry', 'file') AND e.key = k.value
    JOIN versions AS v ON v.entry = e.id AND v.commit_no = :commit
"""


def _touched(
    tx: Transaction, info: CommitInfo, root: int, key: str | None
) -> list[tuple[int, Space, str]]:
    """What the commit wanted something of. An undo wants what it undoes wanted, and may move what
    that never named: its receipt tells."""
    told = dump([line.key for line in info.receipt if line.key])
    values = {"commit": info.number, "root": root, "key": key, "told": told, "most": _COUNTED}
    if key is not None:
        return tx.execute(_BY_KEY, values).fetchall()
    found = dict.fromkeys(tx.execute(_TOLD, values)) | dict.fromkeys(tx.execute(_WANTED, values))
    return list(found)


def _root(tx: Transaction, info: CommitInfo) -> int:
    """The commit at the end of a chain of undos."""
    number, undoes = info.number, info.undoes
    while undoes is not None:
        number = undoes
        (undoes,) = tx.execute("SELECT undoes FROM commits WHERE number = ?", (number,)).fetchone()
    return number


def _told(info: CommitInfo) -> dict[str, str]:
    """The receipt's line of each key, "" for one that is an entry and a file at once."""
    lines: dict[str, str] = {}
    for line in info.receipt:
        lines[line.key] = "" if line.key in lines else line.text
    return lines
