"""Whether what a job left in its folder tells of something that is to be forgotten. Blocks."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError
from core.forgetting.traces import Traces
from core.state.database import Transaction
from core.state.reading import reading
from core.subagents.journal import FILE_NAME, JOB_APPLICATION_ID, job_migrations
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
    except (StoreError, OSError, sqlite3.Error):
        return True


def _workspace(root: Path) -> Iterator[str]:
    return (path.relative_to(root).as_posix() for path in root.rglob("*"))


def _read(path: Path, traces: Traces) -> bool:
    if not path.exists():
        return False
    with reading(path, JOB_APPLICATION_ID, len(job_migrations())) as tx:
        return any(traces.covers(key) for key in _written(tx)) or any(
            _shown(traces, *row) for row in tx.execute("SELECT kind, name, detail FROM reads")
        )


def _written(tx: Transaction) -> Iterator[str]:
    return (key for (key,) in tx.execute("SELECT DISTINCT key FROM operations"))


def _shown(traces: Traces, kind: str, name: str, detail: str) -> bool:
    """Whether a read was of one of the keys; a prefix or folder shows all that begin so."""
    if kind in ("prefix", "folder"):
        return traces.covers(name) or any(key.startswith(name) for key in traces.keys)
    return traces.covers(name) or any(key in detail for key in traces.keys)


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
