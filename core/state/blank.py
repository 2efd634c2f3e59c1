"""New files as copies of one that was made in memory once, which costs a tenth of making all their
tables again. Knows no tables."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from core.state.migration import statements

# The file format's write and read version (bytes 18 and 19 of the header): 2 is a file in WAL mode.
_WAL = b"\x02\x02"


def put_blank(path: Path, application_id: int, migrations: tuple[str, ...]) -> bool:
    """Where no file is, put one with all tables and nothing in them; whether there is something in
    it now, False for an empty one that was there. Blocks. Raises OSError.

    Its version is the newest one with a minus: what it has to begin with is not in it yet. It is
    there whole or not at all.
    """
    try:
        return bool(path.stat().st_size) or not path.is_file()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(_blank(application_id, migrations))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    return True


def prepare_new(connection: sqlite3.Connection) -> None:
    """Only a file that has no tables yet can be made so that it can shrink in steps."""
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")


def run_scripts(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    """Run SQL scripts inside a transaction."""
    for script in scripts:
        for statement in statements(script):
            connection.execute(statement)


@cache
def _blank(application_id: int, migrations: tuple[str, ...]) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        prepare_new(made)
        made.execute("BEGIN")
        run_scripts(made, migrations)
        made.execute(f"PRAGMA application_id = {application_id:d}")
        made.execute(f"PRAGMA user_version = {-len(migrations):d}")
        made.execute("COMMIT")
        content = made.serialize()
    return content[:18] + _WAL + content[20:]
