"""How far back the state can be read and undone. Removes nothing itself: see prune."""

from core.errors import BadRequest
from core.state.database import Transaction

FORGOT = "forget:"
"""How the sources of commits begin that say what was forgotten."""


def floor(tx: Transaction) -> int:
    """The oldest commit whose state can still be read; 0: every one. What was written up to it
    cannot be undone any more."""
    row = tx.execute("SELECT floor FROM pruned").fetchone()
    return 0 if row is None else int(row[0])


def check_readable(tx: Transaction, commit: int) -> None:
    """Raise BadRequest for a state that is not kept any more."""
    oldest = floor(tx)
    if commit < oldest:
        raise BadRequest(
            f"the state of commit {commit} is not kept any more ([state] keep_days);"
            f" the oldest that is kept is that of commit {oldest}"
        )


def check_undoable(tx: Transaction, commit: int, source: str) -> None:
    """Raise BadRequest for a commit whose parts are not kept any more."""
    if source.startswith(FORGOT):
        raise BadRequest(f"commit {commit} forgot something, and that cannot come back")
    if commit <= floor(tx):
        raise BadRequest(
            f"commit {commit} is older than [state] keep_days: what it was made of is not kept"
            " any more, so it cannot be undone"
        )
