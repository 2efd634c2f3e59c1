"""What a job left is known by what its journal says, by its files, and by the values themselves."""

import asyncio
from pathlib import Path

import pytest

from core.forgetting.traces import Traces
from core.model.chat import ToolCall
from core.state.operations import Op, Operation
from core.state.reads import FileRead, KeyRead, PrefixRead, Read, SearchRead, Seen
from core.subagents.engine.memories import saw
from core.subagents.journal import FILE_NAME, Journal
from tests.core.subagents.engine.bench import Bench
from tests.core.subagents.scripted import calls, finishes, job

CALL = ToolCall(id="c1", name="read_state", arguments="{}")
VALUE = 'Kaninchenbau "4711"'
KEY = Traces(keys=("door.code",), texts=(VALUE,))


async def left(
    folder: Path, result: str = "", *reads: Read, operation: Operation | None = None
) -> Path:
    journal = await Journal.open(folder, lambda: 7.0)
    await journal.past()
    await journal.add_tool(CALL, "a title", result, operation=operation, reads=reads)
    await journal.close()
    (folder / "workspace").mkdir()
    return folder


@pytest.mark.parametrize(
    "read",
    [
        KeyRead(key="door.code", commit=1),
        PrefixRead(prefix="door.", commit=1),
        PrefixRead(prefix="", commit=1),
        FileRead(path="door.code", commit=1),
        SearchRead(query="q", source=None, upto=1, seen=(Seen("state", "door.code", "x"),)),
    ],
)
async def test_a_journaled_read_is_a_trace(tmp_path: Path, read: Read) -> None:
    assert saw(await left(tmp_path, "", read), KEY)


@pytest.mark.parametrize(
    "read", [KeyRead(key="door.codes", commit=1), PrefixRead(prefix="door.x", commit=1)]
)
async def test_a_read_of_something_else_is_none(tmp_path: Path, read: Read) -> None:
    assert not saw(await left(tmp_path, "nothing", read), KEY)


async def test_what_it_wanted_to_write_is_a_trace(tmp_path: Path) -> None:
    wanted = Operation(key="door.code", op=Op.PUT, argument=1)
    assert saw(await left(tmp_path, operation=wanted), KEY)


async def test_a_value_in_a_transcript_is_a_trace(tmp_path: Path) -> None:
    assert saw(await left(tmp_path, f"the code is {VALUE}"), KEY)


async def test_a_value_in_the_workspace_is_a_trace_also_across_pieces(tmp_path: Path) -> None:
    folder = await left(tmp_path)
    assert not saw(folder, KEY)
    (folder / "workspace" / "deep").mkdir()
    content = b"x" * 999_995 + VALUE.encode() + b"x" * 100
    (folder / "workspace" / "deep" / "big").write_bytes(content)
    assert saw(folder, KEY)


async def test_a_file_of_that_name_is_a_trace(tmp_path: Path) -> None:
    folder = await left(tmp_path)
    (folder / "workspace" / "docs").mkdir()
    (folder / "workspace" / "docs" / "plan.md").write_text("short")
    assert saw(folder, Traces(keys=("docs/plan.md",)))
    assert saw(folder, Traces(prefix="docs/"))
    assert not saw(folder, Traces(keys=("plan.md",)))


def test_without_a_folder_there_is_no_trace(tmp_path: Path) -> None:
    assert not saw(tmp_path / "none", KEY)


def test_what_cannot_be_read_counts_as_seen(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all")
    assert saw(tmp_path, KEY)


async def test_what_a_running_job_left_goes_when_nothing_of_it_runs(plain: Bench) -> None:
    plain.model.lines.append(calls("shell", command="sleep 1000"))
    begun, ends = asyncio.Event(), list[str]()
    running = asyncio.create_task(
        plain.engine.run(job(), lambda seen: begun.set() if "shell" in seen.step else None)
    )
    await begun.wait()
    assert await plain.engine.saw(job().id, Traces(texts=("sleep 1000",)))
    forgetting = asyncio.create_task(plain.engine.forget(job().id))
    forgetting.add_done_callback(lambda _: ends.append("forgotten"))
    running.add_done_callback(lambda _: ends.append("ended"))
    await asyncio.sleep(0)
    running.cancel()
    await forgetting
    await asyncio.wait({running})
    assert ends[0] == "ended"
    assert not plain.workspace(job()).parent.exists()


async def test_what_an_ended_job_left_goes_at_once_and_may_be_gone(plain: Bench) -> None:
    plain.model.lines.append(finishes("done"))
    await plain.engine.run(job(), lambda seen: None)
    for _ in range(2):
        await plain.engine.forget(job().id)
        assert await plain.engine.steps(job().id) == ()
