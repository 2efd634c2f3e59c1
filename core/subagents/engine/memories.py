"""Whether what a job left in its folder tells of something that is to be forgotten. Blocks."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError
from core.forgetting.traces import Traces
from core.state.reading import reading
from core.state.reads import shows_file, shows_key
from core.subagents.journal import FILE_NAME, JOB_APPLICATION_ID, job_migrations
from core.subagents.journal_reads import read_reads
from core.subagents.workspace import FOLDER_NAME

_CHUNK = 1_000_000


def saw(folder: Path, traces: Traces) -> bool:
    """Whether the job read or wrote one of the keys, has one of the files, or quotes a value.

    What cannot be read counts as seen.
    """
    if not folder.is_dir():
        return False
    if any(traces.covers(path) for path in _workspace(folder / FOLDER_NAME)):
        return True
    needles = traces.needles()
    try:
        return _read(folder / FILE_NAME, traces) or any(
            _holds(path, needles) for path in folder.rglob("*") if path.is_file()
        )
    except (StoreError, OSError, sqlite3.Error, ValueError):
        return True


def _workspace(root: Path) -> Iterator[str]:
    return (path.relative_to(root).as_posix() for path in root.rglob("*"))


def _read(path: Path, traces: Traces) -> bool:
    """Whether the journal says that it read or wrote one of the keys."""
    if not path.exists():
        return False
    with reading(path, JOB_APPLICATION_ID, len(job_migrations())) as tx:
        written = tx.execute("SELECT DISTINCT key FROM operations").fetchall()
        reads = read_reads(tx)
    return any(traces.covers(key) for (key,) in written) or any(
        shows_key(read, key) or shows_file(read, key) for read in reads for key in traces.keys
    )


def _holds(path: Path, needles: tuple[bytes, ...]) -> bool:
    if not needles:
        return False
    overlap = max(map(len, needles))
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if any(needle in before + chunk for needle in needles):
                return True
            before = chunk[-overlap:]
    return False
