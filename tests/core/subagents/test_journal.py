import asyncio
import sqlite3
from pathlib import Path

import pytest

from core.errors import NewerDatabase, StoreError
from core.jobs.job import Completed, Steering
from core.model.chat import ModelReply, ToolCall, Usage
from core.state.operations import Op, Operation
from core.state.reads import KeyRead, PrefixRead, Read
from core.subagents.journal import FILE_NAME, Journal
from core.subagents.journal_reads import read_reads
from core.subagents.journal_rows import FileRow, Frozen, Past, StepKind

SHELL = ToolCall(id="c1", name="shell", arguments='{"command": "ls"}')
CHANGE = ToolCall(id="c2", name="change_state", arguments="{}")
REPLY = ModelReply(
    text="hm", tool_calls=(SHELL, CHANGE), usage=Usage(prompt=3, completion=4), finish="stop"
)


async def opened(folder: Path) -> tuple[Journal, Past]:
    journal = await Journal.open(folder, lambda: 7.0)
    return journal, await journal.past()


async def test_a_new_journal_has_no_past(tmp_path: Path) -> None:
    journal, past = await opened(tmp_path)
    await journal.close()
    assert past == Past(steps=(), operations=(), told=0, frozen=None, outcome=None, notes=())


async def test_all_that_was_written_is_read_back_in_its_order(
    tmp_path: Path, workspace: Path
) -> None:
    journal, _ = await opened(tmp_path)
    await journal.begin_attempt(1, workspace, cut_off={})
    asked = await journal.begin_model([Steering(seq=5, by="Ann", text="blue")])
    await journal.end_model(asked, REPLY, "calls shell")
    ran = await journal.begin_tool(SHELL, "shell: ls")
    await journal.end_tool(ran, "exit code 0", workspace)
    operation = Operation(key="k", op=Op.PUT, argument={"a": [1, None, "\u00e9"]})
    await journal.add_tool(CHANGE, "put k", "k = ...", operation=operation)
    await journal.freeze(None, "the result", ("a", "b"))
    await journal.end(Completed(result="the result"), [_row("a", "1"), _row("b", None)], ["note"])
    await journal.close()

    journal, past = await opened(tmp_path)
    await journal.close()
    assert [(step.kind, step.title) for step in past.steps] == [
        (StepKind.ATTEMPT, "attempt 1"),
        (StepKind.STEERING, "blue"),
        (StepKind.MODEL, "calls shell"),
        (StepKind.TOOL, "shell: ls"),
        (StepKind.TOOL, "put k"),
        (StepKind.TOOL, "finish"),
    ]
    assert (past.steps[2].reply, past.steps[2].tokens) == (REPLY, 7)
    assert past.operations == (operation,)
    assert (past.told, past.notes) == (5, ("note",))
    assert past.frozen == Frozen(step=6, result="the result", files=("a", "b"))
    assert past.outcome == Completed(result="the result")


def _row(path: str, sha256: str | None) -> FileRow:
    return FileRow(path=path, sha256=sha256, executable=False)


async def test_a_call_that_was_cut_off_gets_its_result_with_the_next_attempt(
    tmp_path: Path, workspace: Path
) -> None:
    journal, _ = await opened(tmp_path)
    await journal.begin_tool(SHELL, "shell: ls")
    await journal.begin_attempt(2, workspace, cut_off={"c1": "cut off", "c2": "not run"})
    await journal.close()
    journal, past = await opened(tmp_path)
    await journal.close()
    results = [(s.call, s.response) for s in past.steps if s.kind is StepKind.TOOL]
    assert sorted(results) == [("c1", "cut off"), ("c2", "not run")]


async def test_a_thawed_finish_is_as_if_it_had_not_been(tmp_path: Path, workspace: Path) -> None:
    journal, _ = await opened(tmp_path)
    await journal.freeze(SHELL, "x", ())
    await journal.close()
    journal, past = await opened(tmp_path)
    await journal.begin_attempt(2, workspace, cut_off={}, thaw=past.frozen)
    await journal.freeze(SHELL, "x", ())
    await journal.close()


async def test_nothing_is_frozen_twice(tmp_path: Path) -> None:
    journal, _ = await opened(tmp_path)
    await journal.freeze(SHELL, "x", ())
    with pytest.raises(sqlite3.IntegrityError):
        await journal.freeze(SHELL, "y", ())
    await journal.close()


async def test_reads_are_kept_with_their_versions(tmp_path: Path) -> None:
    journal, _ = await opened(tmp_path)
    shown: list[Read] = [KeyRead(key="k", commit=3), PrefixRead(prefix="p.", commit=9)]
    await journal.add_tool(CHANGE, "", "", reads=shown[:1])
    ran = await journal.begin_tool(SHELL, "")
    await journal.end_tool(ran, "", None, shown[1:])
    found = await journal.look(read_reads)
    await journal.close()
    assert list(found) == shown


async def test_only_what_steps_did_to_the_workspace_is_expected_of_it(
    tmp_path: Path, workspace: Path
) -> None:
    journal, _ = await opened(tmp_path)
    (workspace / "a").write_text("1")
    await journal.begin_attempt(1, workspace, cut_off={})
    ran = await journal.begin_tool(SHELL, "")
    (workspace / "b").write_text("1")
    await journal.end_tool(ran, "", workspace)
    await journal.close()
    (workspace / "c").write_text("1")
    (workspace / "a").unlink()
    journal, _ = await opened(tmp_path)
    assert await journal.moved(workspace) == ("a", "c")
    await journal.close()


async def test_a_journal_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    journal, _ = await opened(tmp_path)
    await journal.look(lambda tx: tx.execute("PRAGMA user_version = 99"))
    await journal.close()
    with pytest.raises(NewerDatabase):
        await Journal.open(tmp_path)


async def test_a_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / FILE_NAME).write_bytes, b"garbage" * 1000)
    with pytest.raises(StoreError, match=FILE_NAME):
        await Journal.open(tmp_path)
