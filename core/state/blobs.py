"""Contents of files that no version and no operation names any more. Finds and removes them."""

from dataclasses import dataclass

from core.state.database import Transaction
from core.state.facts import head


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Blobs that nothing named when `head` was the newest commit, by hash."""

    head: int
    blobs: tuple[str, ...]


def orphans(tx: Transaction) -> Orphans:
    """Find the contents that nothing names: to be asked of a reader, it looks at all files."""
    rows = tx.execute(
        "SELECT sha256 FROM blobs WHERE piece = 0 AND sha256 NOT IN ("
        " SELECT json_extract(v.body, '$.sha256') FROM entries AS e"
        "  JOIN versions AS v ON v.entry = e.id WHERE e.space = 'file' AND v.kind IS NOT NULL"
        " UNION SELECT json_extract(o.argument, '$.sha256') FROM entries AS e"
        "  JOIN operations AS o ON o.entry = e.id WHERE e.space = 'file' AND o.op = 'write')"
    )
    return Orphans(head=head(tx), blobs=tuple(sha256 for (sha256,) in rows))


def collect(tx: Transaction, found: Orphans, place: int) -> bool:
    """Remove one of the blobs; False when a commit came between, which may name it again."""
    if head(tx) != found.head:
        return False
    tx.execute("DELETE FROM blobs WHERE sha256 = ?", (found.blobs[place],))
    return True
