"""The files of a stopped bot, read with nothing but sqlite3. Writes none of them."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Row = tuple[Any, ...]


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One file as the next start would find it: what a kill cut off is rolled back, in a copy."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for end in ("", "-wal", "-journal"):
            part = path.with_name(path.name + end)
            if part.exists():
                shutil.copyfile(part, copy.with_name(copy.name + end))
        connection = sqlite3.connect(copy)
        try:
            yield connection
        finally:
            connection.close()


def rows(path: Path, query: str, *values: object) -> list[Row]:
    """What a query finds in a file."""
    with opened(path) as connection:
        return connection.execute(query, values).fetchall()


def channel_files(data: Path) -> list[Path]:
    """The files of all channels."""
    return sorted((data / "channels").rglob("*.db"))


def channel_file(data: Path, channel: str = "general") -> Path:
    """The file of a channel of the page."""
    found = [path for path in channel_files(data) if path.stem == channel]
    assert len(found) == 1, f"{channel}: {found}"
    return found[0]


def control_file(data: Path) -> Path:
    """The file with the accounts."""
    return data / "control.db"


def damaged(data: Path) -> list[str]:
    """What SQLite itself finds wrong with the files."""
    problems = []
    for path in sorted(data.rglob("*.db")):
        said = [row[0] for row in rows(path, "PRAGMA integrity_check")]
        said += [str(row) for row in rows(path, "PRAGMA foreign_key_check")]
        problems += [f"{path.name}: {text}" for text in said if text != "ok"]
    return problems


def posts(path: Path) -> list[dict[str, Any]]:
    """The bot's posts in the order of the channel."""
    found = rows(path, "SELECT post FROM messages WHERE post IS NOT NULL ORDER BY seq")
    return [json.loads(post) for (post,) in found]


def counter(path: Path, key: str) -> int:
    """A counter's sum as its newest version has it, 0 if there is none."""
    found = rows(
        path,
        "SELECT v.body FROM versions v JOIN entries e ON e.id = v.entry"
        " WHERE e.space = 'entry' AND e.key = ? ORDER BY v.commit_no DESC LIMIT 1",
        key,
    )
    return int(found[0][0] or 0) if found else 0


def log_lines(path: Path, key: str) -> list[str]:
    """A log's living lines in their order."""
    found = rows(
        path,
        "SELECT o.argument FROM lines l JOIN entries e ON e.id = l.entry"
        " JOIN operations o ON o.id = l.operation"
        " WHERE e.key = ? AND l.removed IS NULL ORDER BY l.order_base, l.order_rank, l.operation",
        key,
    )
    return [json.loads(argument) for (argument,) in found]


def workspace_files(path: Path) -> list[str]:
    """The workspace files that are there at the newest commit."""
    found = rows(
        path,
        "SELECT e.key FROM entries e WHERE e.space = 'file' AND (SELECT v.kind FROM versions v"
        " WHERE v.entry = e.id ORDER BY v.commit_no DESC LIMIT 1) IS NOT NULL ORDER BY e.key",
    )
    return [key for (key,) in found]


def answers_kept(data: Path) -> dict[str, int]:
    """How many answers of the model each errand's turn and each job has in its journal; of an ended
    turn, whose journal is gone, more than it can have asked for.
    """
    kept: dict[str, int] = {}
    for path in channel_files(data):
        if has(path, "turns"):  # not if it was killed before there was anything to keep
            kept |= _kept_in(path, data)
    return kept


def _kept_in(path: Path, data: Path) -> dict[str, int]:
    kept: dict[str, int] = {}
    for text, state, answers in rows(
        path,
        "SELECT m.text, t.state, (SELECT count(*) FROM turn_steps s"
        " WHERE s.turn = t.id AND s.kind = 'model') FROM turns t"
        " JOIN messages m ON 'message:' || m.id = t.message",
    ):
        kept[text.removeprefix("please run ")] = 1000 if state == "ended" else answers
    for id_, brief in rows(path, "SELECT id, brief FROM jobs"):
        journal = data / "jobs" / id_ / "job.db"
        if journal.exists() and has(journal, "steps"):
            count = "SELECT count(*) FROM steps WHERE kind = 'model' AND response IS NOT NULL"
            kept[brief[3:-1]] = rows(journal, count)[0][0]
    return kept


def has(path: Path, table: str) -> bool:
    """Whether the file has that table."""
    return bool(rows(path, "SELECT 1 FROM sqlite_master WHERE name = ?", table))
