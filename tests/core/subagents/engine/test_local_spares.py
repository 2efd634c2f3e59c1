"""Jobs of an engine that has sandboxes started ahead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.jobs.job import Completed
from core.model.chat import ModelReply, ModelRequest
from core.state.operations import FileChange
from core.subagents.sandbox import Mount, Spares
from tests.core.subagents.ahead import pids_of
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.host import runs
from tests.core.subagents.scripted import calls, finishes, job, results

pytestmark = pytest.mark.needs_system("bubblewrap")


@pytest.fixture
async def spares(boxed: Bench) -> AsyncIterator[Spares]:
    """What `boxed` has at hand."""
    keeping = asyncio.create_task(boxed.engine.keep_spares())
    yield await full(boxed)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def full(made: Bench) -> Spares:
    spares = made.engine._choice.spares
    assert spares is not None
    async with asyncio.timeout(30):
        await spares.full()
    return spares


def runs_in(
    pid: int, spares: Spares, reply: ModelReply
) -> Callable[[ModelRequest], Awaitable[ModelReply]]:
    """A line that is said only if the job has taken this process."""

    async def look(request: ModelRequest) -> ModelReply:
        assert runs(pid)
        assert pid not in pids_of(spares)
        return reply

    return look


async def test_a_job_works_on_the_files_of_its_snapshot_in_one_that_waited(
    boxed: Bench, spares: Spares
) -> None:
    file = FileChange(path="a/given", content=b"1\n", executable=True)
    base = await boxed.commit(files=(file,))
    first = pids_of(spares)[0]
    boxed.model.lines.extend(
        [
            runs_in(
                first, spares, calls("shell", command="stat -c %u:%a a/given; echo 2 >> a/given")
            ),
            finishes(),
        ]
    )
    assert await boxed.run(job(base_commit=base)) == Completed(result="done", files=())
    assert list(results(boxed.model.requests[1]).values()) == ["exit code 0\n1000:755\n"]
    assert (await boxed.engine.gathered(job())).files == (
        FileChange(path="a/given", content=b"1\n2\n", executable=True),
    )
    assert not runs(first)


async def test_jobs_see_nothing_of_each_other(boxed: Bench, spares: Spares) -> None:
    first, second, *_ = pids_of(spares)[:2]
    write = calls("write_file", path="secret", content="s3cr3t")
    boxed.model.lines.extend([runs_in(first, spares, write), finishes()])
    await boxed.run(job(1))
    look = f"ls -a {boxed.data}/jobs /workspace; cat /workspace/secret; ls /proc/*/root{boxed.data}"
    boxed.model.lines.extend([runs_in(second, spares, calls("shell", command=look)), finishes()])
    await boxed.run(job(2))
    (told,) = results(boxed.model.requests[-1]).values()
    assert "s3cr3t" not in told
    assert "job-1" not in told


async def test_an_attempt_that_goes_on_in_its_workspace_takes_none(
    boxed: Bench, spares: Spares
) -> None:
    asked = asyncio.Event()

    async def for_ever(request: ModelRequest) -> ModelReply:
        asked.set()
        return await asyncio.Future()

    boxed.model.lines.extend([calls("write_file", path="a", content="1"), for_ever])
    running = asyncio.create_task(boxed.run(job()))
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await full(boxed)
    waiting = pids_of(spares)

    async def look(request: ModelRequest) -> ModelReply:
        assert pids_of(spares) == waiting
        return calls("read_file", path="a")

    boxed.model.lines.extend([look, finishes()])
    assert isinstance(await boxed.run(job(attempt=2)), Completed)
    assert "1" in results(boxed.model.requests[-1]).values()
    assert pids_of(spares) == waiting


async def test_jobs_that_see_another_source_than_all_channels_do_take_none(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    mounts = (Mount(name="ci", path=tmp_path / "ci"),)
    async with bench(tmp_path / "data", "bubblewrap", mounts=mounts) as made:
        keeping = asyncio.create_task(made.engine.keep_spares())
        spares = await full(made)
        waiting = pids_of(spares)
        made.model.lines.extend([calls("shell", command="ls /sources"), finishes()])
        assert isinstance(await made.run(job()), Completed)
        assert list(results(made.model.requests[1]).values()) == ["exit code 0\nci\n"]
        assert pids_of(spares) == waiting
        keeping.cancel()
        await asyncio.wait({keeping})
