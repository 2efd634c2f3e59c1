"""A job's file that is not what the bot wrote is refused whole, with a reason."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.job import Completed
from core.model.chat import ToolCall
from core.state.database import Transaction
from core.state.operations import Op, Operation
from core.subagents.journal import FILE_NAME, Journal
from core.subagents.journal_reads import read_reads
from core.subagents.journal_rows import read_files, read_past

CALL = ToolCall(id="c1", name="change_state", arguments="{}")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """The folder of a job that has ended well, with something to merge."""
    job = tmp_path / "job-a"
    journal = await Journal.open(job)
    await journal.past()
    await journal.add_tool(
        CALL, "put k", "done", operation=Operation(key="k", op=Op.PUT, argument=1)
    )
    await journal.freeze(None, "ok", ())
    await journal.end(Completed(result="ok", files=()))
    await journal.close()
    return job


async def taken(folder: Path) -> None:
    """Take up and gather what the file holds, as an attempt and its end do."""
    journal = await Journal.open(folder)
    try:
        await journal.past()
        for read in (read_past, read_files, read_reads):
            await journal.look(read)
    finally:
        await journal.close()


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as tx:
        for statement in statements:
            tx.execute(statement)


async def test_a_sound_file_is_taken(folder: Path) -> None:
    await taken(folder)


@pytest.mark.parametrize("table", ["job", "steps", "operations", "files", "ending", "manifest"])
async def test_a_file_without_a_table_is_refused(folder: Path, table: str) -> None:
    change(folder, f"DROP TABLE {table}")
    with pytest.raises(StoreError, match=f"job.db is damaged: no such table: (main.)?{table}"):
        await taken(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operations SET op = 'explode'", "UPDATE operations SET argument = '{'",
        "UPDATE operations SET argument = CAST(x'ff' AS TEXT)", "UPDATE steps SET kind = 'dream'",
        "UPDATE steps SET kind = 'model', request = 'often'",
        "UPDATE ending SET outcome = '{}'", "UPDATE ending SET result = '[1]'",
        "UPDATE ending SET notes = '5'",
        "INSERT INTO reads (step, kind, name, commit_no, detail) VALUES (1, 'x', 'k', 1, 'null')",
    ],
)  # fmt: skip
async def test_rows_that_the_bot_would_not_write_are_refused(folder: Path, statement: str) -> None:
    change(folder, statement)
    with pytest.raises(StoreError, match=r"job\.db is damaged: .*; nothing of it was taken"):
        await taken(folder)


async def test_a_table_of_wrong_types_is_refused(folder: Path) -> None:
    change(
        folder, "DROP TABLE operations",
        "CREATE TABLE operations (number, step, key, op, argument)",
        "INSERT INTO operations VALUES (1, 1, x'00', x'01', 5)",
    )  # fmt: skip
    with pytest.raises(StoreError, match="is damaged"):
        await taken(folder)


async def test_the_file_of_another_job_is_refused(folder: Path) -> None:
    change(folder, "UPDATE job SET id = 'job-b'")
    with pytest.raises(StoreError, match="is the file of another job, 'job-b'"):
        await taken(folder)


def not_sqlite(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


def from_the_future(path: Path) -> None:
    change(path.parent, "PRAGMA user_version = 99")


def of_another_program(path: Path) -> None:
    change(path.parent, "PRAGMA application_id = 1")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (not_sqlite, "not a database"), (from_the_future, "has version 99"),
        (of_another_program, "another program"),
    ],
)  # fmt: skip
async def test_what_is_no_file_of_this_program_is_refused(
    folder: Path, spoil: Callable[[Path], None], why: str
) -> None:
    spoil(folder / FILE_NAME)
    with pytest.raises(StoreError, match=why):
        await taken(folder)


async def test_a_bug_of_ours_is_not_taken_for_damage(folder: Path) -> None:
    def wrong(_: Transaction) -> None:
        raise AssertionError("a bug")

    journal = await Journal.open(folder)
    with pytest.raises(AssertionError, match="a bug"):
        await journal.look(wrong)
    await journal.close()
