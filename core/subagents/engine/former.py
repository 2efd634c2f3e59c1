"""What is left of a former job: an id is an event's, and a channel whose file was lost may hear of
an event again. Knows no steps."""

import sqlite3
from contextlib import closing
from pathlib import Path

from core.jobs.job import JobSpec
from core.subagents.engine.sweep import remove
from core.subagents.journal import FILE_NAME


def clear_former(folder: Path, job: JobSpec) -> None:
    """Remove what is in the job's folder of another job of its id. Blocks; raises StoreError."""
    # Also when an attempt has begun: the bot may have died between that and this.
    if job.attempt == 1 or _created_at(folder / FILE_NAME) not in (None, job.created_at):
        remove(folder)


def _created_at(path: Path) -> float | None:
    """When the file's job was created; None where that is not known."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as file:
            (found,) = file.execute("SELECT created_at FROM job").fetchone()
    except (sqlite3.Error, ValueError, TypeError):
        return None  # it is damaged or not there: that is told when it is opened
    return found if isinstance(found, float) else None
