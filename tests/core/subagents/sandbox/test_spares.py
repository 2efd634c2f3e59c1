import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import Beginning, Choice, Mount, SandboxSpec, Shape, Spares, choose
from core.subagents.sandbox.local import LocalSandbox, Spawn
from core.subagents.sandbox.process import Running, readable
from core.subagents.sandbox.spares import KEPT
from core.subagents.sandbox.tree import descendants
from tests.core.subagents.ahead import kept, pids_of, shape
from tests.core.subagents.host import Host, ended, runs, spec

pytestmark = pytest.mark.needs_system("bubblewrap")

SHAPE = shape(spec(Path("anywhere")))


@pytest.fixture
async def choice(tmp_path: Path) -> Choice:
    return await choose("bubblewrap", tmp_path / "run")


@pytest.fixture
async def spares(choice: Choice) -> AsyncIterator[Spares]:
    async with kept(choice, SHAPE) as spares:
        yield spares


async def begun(choice: Choice, given: SandboxSpec) -> Running:
    """Start one for a job as the engine does."""
    async with Beginning(choice) as beginning:
        folder = await beginning.empty_folder(shape(given))
        if folder is None:
            given.workspace.mkdir(exist_ok=True)
        else:
            folder.rename(given.workspace)
        process = await beginning.start(given)
    assert isinstance(process, Running)
    return process


async def works(process: Running, workspace: Path) -> None:
    """Have it do something for its job, and end."""
    host = await Host(process).welcome()
    assert await host.shell("echo 1 > made; cat given 2>&1") == "exit code 0\ngiven\n"
    assert (workspace / "made").read_text() == "1\n"
    await host.finish(result="x")
    assert (await process.wait()).code == 0


async def test_a_job_has_one_that_waited_and_another_is_started_in_its_place(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    first, second, *_ = pids_of(spares)
    process = await begun(choice, spec(workspace))
    assert process.pid == first
    (workspace / "given").write_text("given\n")
    await works(process, workspace)
    await spares.full()
    assert pids_of(spares)[0] == second
    assert len(pids_of(spares)) == KEPT


async def test_of_sixteen_that_start_at_once_each_has_a_sandbox_of_its_own(
    choice: Choice, spares: Spares, tmp_path: Path
) -> None:
    waited = set(pids_of(spares))
    jobs = [spec(tmp_path / f"job-{number}") for number in range(16)]
    processes = await asyncio.gather(*(begun(choice, job) for job in jobs))
    assert waited < {process.pid for process in processes}
    for job, process in zip(jobs, processes, strict=True):
        host = await Host(process).welcome()
        assert "exit code 0" in await host.shell(f"touch {job.workspace.name}")
    for job in jobs:
        assert [path.name for path in job.workspace.iterdir()] == [job.workspace.name]
    await asyncio.gather(*(ended(process) for process in processes))


async def test_none_is_started_while_an_attempt_is_about_to_start(
    choice: Choice, spares: Spares, tmp_path: Path
) -> None:
    folder = tmp_path / "run" / "spares"
    waited = pids_of(spares)
    async with Beginning(choice):
        # Each of these takes as long as the start of a spare one.
        processes = [await begun(choice, spec(tmp_path / f"job-{n}")) for n in range(KEPT + 2)]
        assert [process.pid for process in processes[:KEPT]] == waited
        assert pids_of(spares) == []
        assert list(folder.iterdir()) == []
    await spares.full()
    await asyncio.gather(*(ended(process) for process in processes))


async def test_one_that_has_died_is_not_taken_and_is_replaced(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    first, second, *_ = pids_of(spares)
    await killed(spares, 0)
    process = await begun(choice, spec(workspace))
    assert process.pid == second
    await ended(process)
    await spares.full()
    assert not runs(first)
    assert len(pids_of(spares)) == KEPT


async def test_one_that_dies_after_it_was_taken_is_no_harm_to_the_job(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    async with Beginning(choice) as beginning:
        folder = await beginning.empty_folder(SHAPE)
        assert folder is not None
        folder.rename(workspace)
        (workspace / "given").write_text("given\n")
        taken = beginning._spare
        assert taken is not None
        await dead(taken.running)
        process = await beginning.start(spec(workspace))
    assert isinstance(process, Running)
    assert process.pid != taken.running.pid
    await works(process, workspace)


async def test_a_folder_that_was_not_moved_is_found_out(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    (workspace / "given").write_text("given\n")
    async with Beginning(choice) as beginning:
        folder = await beginning.empty_folder(SHAPE)
        taken = beginning._spare
        assert folder is not None
        assert taken is not None
        process = await beginning.start(spec(workspace))
    assert isinstance(process, Running)
    assert process.pid != taken.running.pid
    await works(process, workspace)
    assert taken.running.is_gone
    assert not folder.exists()


async def test_an_attempt_that_starts_nothing_leaves_nothing(
    choice: Choice, spares: Spares
) -> None:
    first, second, *_ = pids_of(spares)
    async with Beginning(choice) as beginning:
        folder = await beginning.empty_folder(SHAPE)
        assert folder is not None
    assert not runs(first)
    assert not folder.exists()
    await spares.full()
    assert pids_of(spares)[0] == second


@pytest.mark.parametrize(
    "other",
    [
        Shape(sources=SHAPE.sources, memory_mb=SHAPE.memory_mb, processes=SHAPE.processes + 1),
        Shape(sources=SHAPE.sources, memory_mb=SHAPE.memory_mb + 1, processes=SHAPE.processes),
        Shape(sources=(Mount(name="ci", path=Path("/usr")),), memory_mb=512, processes=64),
    ],
)
async def test_one_of_another_shape_is_not_taken(spares: Spares, other: Shape) -> None:
    assert await spares.take(other) is None
    assert len(pids_of(spares)) == KEPT


async def test_one_that_shows_a_source_that_has_become_another_folder_is_not_taken(
    choice: Choice, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    given = spec(tmp_path / "workspace", sources=(Mount(name="ci", path=source),))
    async with kept(choice, shape(given)) as spares:
        old = pids_of(spares)
        source.rename(tmp_path / "old")
        source.mkdir()
        (source / "new.log").write_text("new\n")
        process = await begun(choice, given)
        assert process.pid not in old
        host = await Host(process).welcome()
        assert await host.shell("ls /sources/ci") == "exit code 0\nnew.log\n"
        await ended(process)
        await spares.full()
        assert not set(pids_of(spares)) & set(old)


async def test_a_job_cannot_see_where_its_workspace_was_before(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    process = await begun(choice, spec(workspace))
    host = await Host(process).welcome()
    shown = await host.shell("pwd; readlink /proc/self/cwd; cat /proc/self/mountinfo")
    assert shown.startswith("exit code 0\n/workspace\n/workspace\n")
    assert " /workspace " in shown
    assert "spares" not in shown
    await ended(process)


async def test_the_size_of_its_files_is_bounded_by_the_disk_of_its_job(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    process = await begun(choice, spec(workspace, disk_mb=2))
    host = await Host(process).welcome()
    assert await host.shell("ulimit -Sf; ulimit -Hf") == "exit code 0\n2048\n2048\n"
    result = await host.call("python", code="open('a', 'wb').write(bytes(10 << 20))")
    assert "File too large" in result or "killed by signal 25" in result
    assert (workspace / "a").stat().st_size <= 2 << 20
    await ended(process)


async def test_the_disk_of_its_job_is_watched(
    choice: Choice, spares: Spares, workspace: Path
) -> None:
    process = await begun(choice, spec(workspace, disk_mb=8))
    host = await Host(process).welcome()
    fill = "for n in $(seq 100); do head -c 1M /dev/zero > f$n; done; sleep 1000"
    await host.start_call("shell", command=fill)
    assert await process.receive() is None
    assert (await process.wait()).killed == "disk: more than the 8 MB that a job may use"


async def test_at_the_end_none_is_left(choice: Choice, tmp_path: Path) -> None:
    async with kept(choice, SHAPE) as spares:
        pids = [pid for one in pids_of(spares) for pid in (one, *descendants(one))]
        assert len(pids) > KEPT
    assert not [pid for pid in pids if runs(pid)]
    assert not (tmp_path / "run" / "spares").exists()
    assert await spares.take(SHAPE) is None


async def test_the_end_may_come_while_one_is_being_started(choice: Choice, tmp_path: Path) -> None:
    assert choice.spares is not None
    own = set(await asyncio.to_thread(descendants, os.getpid()))
    for turns in (0, 1, 2, 3, 5, 10, 30):
        keeping = asyncio.create_task(choice.spares.keep(SHAPE))
        for _ in range(turns):
            await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.wait({keeping})
        assert keeping.cancelled()
    assert set(await asyncio.to_thread(descendants, os.getpid())) <= own
    assert not (tmp_path / "run" / "spares").exists()


class NoneAhead(LocalSandbox):
    """Cannot start any ahead of its job."""

    def __init__(self, spawn: Spawn) -> None:
        super().__init__(name="test", isolates=True, commands_off="", spawn=spawn)
        self.tries = 0
        self.tried = asyncio.Event()

    async def start_ahead(self, given: SandboxSpec) -> Running:
        """See LocalSandbox."""
        self.tries += 1
        self.tried.set()
        raise SandboxUnavailable("not today")


async def test_where_they_cannot_be_started_jobs_start_their_own(
    tmp_path: Path, workspace: Path
) -> None:
    working = (await choose("bubblewrap", tmp_path / "run")).sandbox
    assert isinstance(working, LocalSandbox)
    sandbox = NoneAhead(working._spawn)
    choice = Choice(sandbox=sandbox, finding="", spares=Spares(sandbox, tmp_path / "spares"))
    assert choice.spares is not None
    keeping = asyncio.create_task(choice.spares.keep(SHAPE))
    async with asyncio.timeout(30):
        await sandbox.tried.wait()
        sandbox.tried.clear()
        (workspace / "given").write_text("given\n")
        await works(await begun(choice, spec(workspace)), workspace)
        await sandbox.tried.wait()
    # Once at first, once after the start of the job, and no more: nothing is tried in a circle.
    assert sandbox.tries == 2
    keeping.cancel()
    await asyncio.wait({keeping})


async def test_other_ways_of_running_jobs_have_none(tmp_path: Path, workspace: Path) -> None:
    choice = await choose("process", tmp_path / "run")
    assert choice.spares is None
    assert isinstance(choice.sandbox, LocalSandbox)
    with pytest.raises(SandboxUnavailable, match="ahead"):
        await choice.sandbox.start_ahead(spec(workspace))


async def test_when_the_bot_is_killed_they_die_and_their_folders_go_at_the_next_start(
    tmp_path: Path,
) -> None:
    program = """
import asyncio, pathlib, sys
from core.subagents.sandbox import choose
from core.subagents.sandbox.tree import descendants
from tests.core.subagents.ahead import kept, pids_of
from tests.core.subagents.sandbox.test_spares import SHAPE
async def main():
    choice = await choose("bubblewrap", pathlib.Path(sys.argv[1]))
    async with kept(choice, SHAPE) as spares:
        print(*(pid for one in pids_of(spares) for pid in (one, *descendants(one))), flush=True)
        await asyncio.sleep(1000)
asyncio.run(main())
"""
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "run")),
        cwd=Path(__file__).parents[4],
        stdout=subprocess.PIPE,
    )
    assert bot.stdout is not None
    pids = [int(pid) for pid in (await asyncio.wait_for(bot.stdout.readline(), 30)).split()]
    assert len(pids) > KEPT
    watched = [readable(os.pidfd_open(pid)) for pid in pids]
    bot.kill()
    await bot.wait()
    async with asyncio.timeout(60):
        for gone in watched:
            await gone
    left = set((tmp_path / "run" / "spares").iterdir())
    assert len(left) == KEPT
    (tmp_path / "run" / "spares" / "1" / "of the dead one").touch()
    async with kept(await choose("bubblewrap", tmp_path / "run"), SHAPE):
        assert len(list((tmp_path / "run" / "spares").iterdir())) == KEPT
        assert not list((tmp_path / "run" / "spares").glob("*/*"))


async def killed(spares: Spares, number: int) -> None:
    """Kill what waits, as the system does when it is short of memory."""
    await dead(spares._ready[number].running)


async def dead(running: Running) -> None:
    """Kill everything in it; return when the bot can know."""
    for pid in (*descendants(running.pid), running.pid):
        os.kill(pid, signal.SIGKILL)
    await asyncio.shield(running._gone)
