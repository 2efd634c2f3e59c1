"""Removing keys and paths with all that ever stood there, from every table of the state, in small
steps. Knows no messages and no jobs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.state import receipts
from core.state.database import Transaction
from core.state.facts import head
from core.state.kept import FORGOT, floor
from core.state.operations import Author, Delta, Json
from core.state.receipts import ReceiptLine
from core.state.store import add_commit, add_receipt
from core.state.values import load
from core.state.write import place

_ROWS = 200
_ENTRIES = 50
_LAST = chr(0x10FFFF)
_MOST_VALUES = 500
_MOST_CHARACTERS = 2_000_000
# What belongs to one entry, and what tells its rows apart.
_OF_ENTRY = {
    "versions": "commit_no",
    "operations": "id",
    "lines": "order_base, order_rank, operation, added",
    "stamps": "element, operation, added",
    "losers": "commit_no",
    "to_prune": "entry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is under a key or a beginning: entries and files by name, what was written."""

    keys: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    versions: int = 0
    commits: int = 0
    jobs: tuple[int, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to forget."""
        return not (self.keys or self.files)


def pattern(name: str) -> tuple[str, str]:
    """The first and the last key that `name` stands for: itself, or with a * all that begin so."""
    return (name[:-1], name[:-1] + _LAST) if name.endswith("*") else (name, name)


def find(tx: Transaction, name: str) -> Found:
    """All that was ever written under a key or path, or under a beginning with a * after it."""
    given = pattern(name)
    rows = tx.execute(
        "SELECT space, key FROM entries WHERE space IN ('entry', 'file') AND key BETWEEN ? AND ?",
        given,
    ).fetchall()
    versions = tx.execute(f"SELECT count(*) FROM versions WHERE entry IN {_IDS}", given)  # noqa: S608
    commits = tx.execute(
        f"SELECT number, job FROM commits WHERE number IN"  # noqa: S608 - constants
        f" (SELECT commit_no FROM operations WHERE entry IN {_IDS})",
        given,
    ).fetchall()
    return Found(
        keys=tuple(sorted(key for space, key in rows if space == "entry")),
        files=tuple(sorted(key for space, key in rows if space == "file")),
        versions=int(versions.fetchone()[0]),
        commits=len(commits),
        jobs=tuple(sorted({job for _, job in commits if job is not None})),
    )


_IDS = "(SELECT id FROM entries WHERE space IN ('entry', 'file') AND key BETWEEN ? AND ?)"


def values(tx: Transaction, name: str) -> list[Json]:
    """What was ever written to the keys (not the files), the newest first, and not all of it."""
    ids = "(SELECT id FROM entries WHERE space = 'entry' AND key BETWEEN ? AND ?)"
    written = f"argument FROM operations WHERE entry IN {ids} AND argument IS NOT NULL ORDER BY id"
    stood = f"body FROM versions WHERE entry IN {ids} AND body IS NOT NULL ORDER BY commit_no"
    found: list[Json] = []
    for query in (written, stood):
        left = _MOST_CHARACTERS
        newest = f"SELECT {query} DESC LIMIT ?"
        for (text,) in tx.execute(newest, (*pattern(name), _MOST_VALUES)):
            left -= len(text)
            if left < 0 and found:
                break
            found.append(load(text))
    return found


def note(
    tx: Transaction, what: str, lines: Sequence[str], author: Author, at: float, source: str
) -> int:
    """Make the commit that says what was forgotten; returns its number."""
    number = head(tx) + 1
    delta = Delta(source=FORGOT + source, author=author, base=number - 1, at=at, about=what)
    add_commit(tx, number, delta, place(author, delta.source, number - 1, number), 0)
    told = tuple(ReceiptLine(key="", text=line) for line in lines[: receipts.MOST_LINES])
    add_receipt(tx, number, receipts.dump(told), ())
    return number


def forget_step(tx: Transaction, name: str) -> bool:
    """Remove some rows of the keys; False when nothing of them is left."""
    query = (
        "SELECT id, space, key FROM entries WHERE space IN ('entry', 'file')"
        " AND key BETWEEN ? AND ? LIMIT ?"
    )
    return _forget(tx, tx.execute(query, (*pattern(name), _ENTRIES)).fetchall())


def forget_file_step(tx: Transaction, path: str) -> bool:
    """Remove some rows of the file at a path; False when nothing of it is left."""
    query = "SELECT id, space, key FROM entries WHERE space = 'file' AND key = ?"
    return _forget(tx, tx.execute(query, (path,)).fetchall())


def _forget(tx: Transaction, entries: Sequence[tuple[int, str, str]]) -> bool:
    """Remove some rows of the entries; False when there are none."""
    left = _ROWS
    for entry, space, key in entries:
        left -= _forget_entry(tx, entry, space, key, left)
        if left <= 0:
            break
    return bool(entries)


def _forget_entry(tx: Transaction, entry: int, space: str, key: str, most: int) -> int:
    """Remove at most so many rows of an entry, and then itself; returns how many they were."""
    if space == "entry":
        tx.execute("DELETE FROM pins WHERE key = ?", (key,))
    tx.execute(
        "UPDATE conflicts SET revision = revision + 1 WHERE number ="
        " (SELECT number FROM conflicts WHERE entry = ? AND closed IS NULL)",
        (entry,),
    )
    tx.execute(
        "UPDATE conflicts SET closed = ? WHERE entry = ? AND closed IS NULL", (head(tx), entry)
    )
    gone = 0
    for table, key_of_row in _OF_ENTRY.items():
        some = f"SELECT {key_of_row} FROM {table} WHERE entry = ? LIMIT ?"  # noqa: S608 - constants
        gone += tx.execute(
            f"DELETE FROM {table} WHERE entry = ? AND ({key_of_row}) IN ({some})",  # noqa: S608
            (entry, entry, most - gone),
        ).rowcount
        if gone >= most:
            return gone
    tx.execute("DELETE FROM entries WHERE id = ?", (entry,))
    return gone + 1


def receipts_step(
    tx: Transaction, after: int, tells: Callable[[str], bool], quotes: Callable[[str], bool]
) -> int | None:
    """Take out of some commits after `after` the lines that tell of what is forgotten, and words
    about it that quote it; returns the last one looked at, None when there are no more."""
    rows = tx.execute(
        "SELECT number, about, receipt FROM commits WHERE number > ? ORDER BY number LIMIT ?",
        (after, _ROWS),
    ).fetchall()
    for number, about, receipt in rows:
        if quotes(about):
            tx.execute("UPDATE commits SET about = '(forgotten)' WHERE number = ?", (number,))
        lines = receipts.undump(receipt)
        kept = tuple(_line(line) if tells(line.text) else line for line in lines)
        if kept != lines:
            tx.execute(
                "UPDATE commits SET receipt = ? WHERE number = ?", (receipts.dump(kept), number)
            )
    return rows[-1][0] if rows else None


def _line(line: ReceiptLine) -> ReceiptLine:
    text = f"`{line.key}` (forgotten)" if line.key else "(forgotten)"
    return replace(line, text=text, conflict=None, take=None)


def close_past(tx: Transaction, upto: int) -> None:
    """Let nobody read or undo what came before the commit `upto`, at once."""
    tx.execute(
        "INSERT INTO pruned (one, floor, listed, operation) VALUES (1, ?1, ?1, 0)"
        " ON CONFLICT (one) DO UPDATE SET floor = ?1, listed = ?1",
        (upto,),
    )


def past_step(tx: Transaction) -> bool:
    """Remove some rows of all keys that were written before the closed past ended; what was
    written to them since goes too. False when nothing is left."""
    rows = tx.execute(
        "SELECT id, space, key FROM entries AS e WHERE"
        " EXISTS (SELECT 1 FROM operations WHERE entry = e.id AND commit_no < ?1)"
        " OR EXISTS (SELECT 1 FROM versions WHERE entry = e.id AND commit_no < ?1) LIMIT ?2",
        (floor(tx), _ENTRIES),
    )
    return _forget(tx, rows.fetchall())


def commits_step(tx: Transaction) -> bool:
    """Remove some commits and conflicts of the closed past; False when nothing is left.

    The newest conflict stays, closed and empty: its number must not be given again, because old
    buttons name it.
    """
    gone = tx.execute(
        "DELETE FROM conflicts WHERE (number, entry) IN (SELECT number, entry FROM conflicts"
        " WHERE opened < ? AND number < (SELECT max(number) FROM conflicts) LIMIT ?)",
        (floor(tx), _ROWS),
    ).rowcount
    gone += tx.execute(
        "DELETE FROM commits WHERE number IN (SELECT number FROM commits WHERE number < ? LIMIT ?)",
        (floor(tx), _ROWS),
    ).rowcount
    return gone > 0


def lines_of(found: Found) -> Iterator[str]:
    """What there is, a line for each key and path."""
    yield from (f"`{key}` (forgotten)" for key in (*found.keys, *found.files))
