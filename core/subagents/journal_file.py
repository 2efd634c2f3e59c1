"""Whether a job's file is that job's, and as the bot writes it. Reads no steps."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import UnusableFile
from core.state.database import Transaction
from core.state.faults import FAULTS, of_the_world, words

T = TypeVar("T")


def claim(path: Path, created_at: float | None, tx: Transaction) -> None:
    """Make a new file that of the job whose folder it is in; raise UnusableFile for another's."""
    job = path.parent.name
    tx.execute(
        "INSERT OR IGNORE INTO job (one, id, created_at) VALUES (1, ?, ?)", (job, created_at)
    )
    (owner,) = tx.execute("SELECT id FROM job").fetchone()
    if owner != job:
        raise UnusableFile(f"{path} is the file of another job, {owner[:80]!r}; nothing was taken")


def as_written(path: Path, function: Callable[[Transaction], T], tx: Transaction) -> T:
    """What the function reads. Raises UnusableFile where tables are missing, or what they hold is
    nothing that the bot writes: then nothing of the file can be believed."""
    try:
        return function(tx)
    except FAULTS as error:
        if of_the_world(error):
            raise
        reason = words(error)
    except (ValueError, TypeError, LookupError) as error:
        reason = " ".join(str(error).split())[:200]
    raise UnusableFile(f"{path} is damaged: {reason}; nothing of it was taken")
