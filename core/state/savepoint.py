"""All or nothing inside a transaction. Knows no tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.state.database import Transaction


@contextmanager
def savepoint(tx: Transaction) -> Iterator[None]:
    """Undo what was written inside when an error leaves it, whatever the caller then does."""
    tx.execute("SAVEPOINT whole")
    try:
        yield
    except BaseException:
        # A full disk may have ended the whole transaction already.
        if tx.in_transaction:
            tx.execute("ROLLBACK TO whole")
            tx.execute("RELEASE whole")
        raise
    tx.execute("RELEASE whole")
