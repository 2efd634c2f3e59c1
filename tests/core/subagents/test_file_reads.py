"""Against real tools in an ordinary process: what the model's calls showed of the channel."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.model.chat import ModelReply, ModelRequest
from core.state.operations import FileChange
from core.state.reads import FileRead, FolderRead, Read
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import call, finishes, job, says

FILES = (
    FileChange(path="plan.md", content=b"one\n"),
    FileChange(path="docs/a.md", content=b"two\n"),
    FileChange(path="image", content=b"\0"),
)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine whose jobs are ordinary processes."""
    async with bench(tmp_path, "process") as made:
        yield made


async def test_files_are_read_in_the_version_of_the_snapshot(made: Bench) -> None:
    base = await made.commit(files=FILES)
    asked = [
        call("read_file", path="plan.md"),
        call("read_file", path="./plan.md"),
        call("read_file", path="/workspace/docs//a.md"),
        call("read_file", path="no.md"),
        call("read_file", path="image"),
        call("read_file", path="../plan.md"),
        call("read_file", path="/etc/passwd"),
        call("read_file", path=""),
        call("read_file", wrong="plan.md"),
        call("list_files"),
        call("list_files", path="/workspace/docs/"),
    ]
    made.model.lines.extend([says("", *asked), finishes()])
    await made.run(job(base_commit=base))
    expected: set[Read] = {
        FileRead(path="plan.md", commit=base),
        FileRead(path="docs/a.md", commit=base),
        FileRead(path="no.md", commit=0),
        FileRead(path="image", commit=base),
        FolderRead(path=""),
        FolderRead(path="docs/"),
    }
    assert set(await made.reads(job())) == expected


async def test_editing_is_reading_and_what_the_job_wrote_is_its_own_also_in_a_later_attempt(
    made: Bench,
) -> None:
    async def stop(request: ModelRequest) -> ModelReply:
        stopped.cancel()
        await asyncio.Event().wait()
        return says("never")

    base = await made.commit(files=FILES)
    asked = [
        call("edit_file", path="plan.md", old="one", new="1"),
        call("write_file", path="docs/a.md", content="mine"),
        call("write_file", path="docs", content="fails"),
        call("edit_file", path="docs/a.md", old="mine", new="own"),
        call("write_file", path="new.md", content="mine"),
        call("read_file", path="new.md"),
    ]
    made.model.lines.extend([says("", *asked), stop])
    stopped = asyncio.create_task(made.run(job(base_commit=base)))
    with pytest.raises(asyncio.CancelledError):
        await stopped
    again = [call("read_file", path="docs/a.md"), call("read_file", path="new.md")]
    made.model.lines.extend([says("", *again), finishes()])
    await made.run(job(base_commit=base, attempt=2))
    assert await made.reads(job()) == (FileRead(path="plan.md", commit=base),)


async def test_a_file_that_others_changed_and_commands_may_have_read_is_gathered(
    made: Bench,
) -> None:
    base = await made.commit(files=FILES)
    command = call("read_file", path="plan.md")
    made.model.lines.extend([says("", command), finishes()])
    await made.run(job(base_commit=base))
    await made.commit(files=(FileChange(path="docs/a.md", content=b"3"),))
    assert (await made.engine.gathered(job(base_commit=base))).reads == (
        FileRead(path="plan.md", commit=base),
    )
