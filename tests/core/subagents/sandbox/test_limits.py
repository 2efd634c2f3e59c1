"""What happens to jobs that want too much, with and without control groups."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.subagents.sandbox import SandboxExit, launch
from core.subagents.sandbox.bubblewrap import Bubblewrap
from core.subagents.sandbox.choose import bubblewrap_here
from core.subagents.sandbox.local import LocalSandbox
from tests.core.subagents.host import Host, ended, spec

pytestmark = pytest.mark.needs_system("bubblewrap")

EATER = (
    "import time\nkept = []\n"
    "while True:\n    kept.append(bytearray(b'x' * (8 << 20)))\n    time.sleep(0.005)\n"
)


@pytest.fixture
def here(tmp_path: Path) -> Bubblewrap:
    return bubblewrap_here("/usr/bin/bwrap", tmp_path / "run", launch.bundle(tmp_path / "run"))[0]


def sandbox(way: Bubblewrap, *, groups: bool) -> LocalSandbox:
    if groups and way.groups is None:
        pytest.skip("needs a place to make control groups")
    way = way if groups else replace(way, groups=None)
    return LocalSandbox(name="test", isolates=True, commands_off="", spawn=way.spawn)


async def start(
    way: LocalSandbox,
    workspace: Path,
    *,
    memory_mb: int = 512,
    processes: int = 64,
    disk_mb: int = 64,
) -> Host:
    bounds = spec(workspace, memory_mb=memory_mb, processes=processes, disk_mb=disk_mb)
    return await Host(await way.start(bounds)).welcome()


async def until_killed(host: Host, command: str) -> SandboxExit:
    """Run a command that the sandbox does not survive."""
    await host.start_call("shell", command=command)
    assert await host.process.receive() is None
    return await host.process.wait()


@pytest.mark.parametrize("groups", [True, False])
async def test_what_fills_the_disk_with_many_files_is_killed(
    here: Bubblewrap, workspace: Path, groups: bool
) -> None:
    host = await start(sandbox(here, groups=groups), workspace, disk_mb=8)
    fill = "for n in $(seq 100); do head -c 1M /dev/zero > f$n; done; sleep 1000"
    end = await until_killed(host, fill)
    assert end.killed == "disk: more than the 8 MB that a job may use"


async def test_what_hides_what_it_writes_is_killed(here: Bubblewrap, workspace: Path) -> None:
    host = await start(sandbox(here, groups=True), workspace, disk_mb=8)
    hide = 'for n in 3 4 5; do eval "exec $n>f; head -c 4M /dev/zero >&$n; rm f"; done; sleep 1000'
    end = await until_killed(host, hide)
    assert end.killed == "disk: more than the 8 MB that a job may use"


async def test_one_file_cannot_become_larger_than_the_disk(
    here: Bubblewrap, workspace: Path
) -> None:
    host = await start(sandbox(here, groups=True), workspace, disk_mb=2)
    result = await host.call("python", code="open('a', 'wb').write(bytes(10 << 20))")
    assert "File too large" in result or "killed by signal 25" in result
    assert (workspace / "a").stat().st_size <= 2 << 20
    await ended(host.process)


async def test_without_groups_a_process_cannot_have_more_memory(
    here: Bubblewrap, workspace: Path
) -> None:
    host = await start(sandbox(here, groups=False), workspace, memory_mb=128)
    assert "MemoryError" in await host.call("python", code=EATER, timeout=60)
    assert "exit code 0" in await host.shell("true")
    await ended(host.process)


async def test_without_groups_processes_that_together_eat_memory_are_killed(
    here: Bubblewrap, workspace: Path
) -> None:
    host = await start(sandbox(here, groups=False), workspace, memory_mb=128)
    await host.call(
        "write_file", path="eat.py", content="x = bytearray(b'x' * (60 << 20))\ninput()"
    )
    eat = "for n in 1 2 3 4; do (sleep 1000 | python3.11 eat.py) & done; wait"
    end = await until_killed(host, eat)
    assert end.killed == "memory: more than the 128 MB that a job may use"


async def test_with_groups_the_eater_is_killed_at_once_and_the_job_goes_on(
    here: Bubblewrap, workspace: Path
) -> None:
    host = await start(sandbox(here, groups=True), workspace, memory_mb=128)
    assert "killed by signal 9" in await host.call("python", code=EATER, timeout=60)
    await host.finish(result="x")
    end = await host.process.wait()
    assert (end.code, end.killed) == (0, None)


async def test_many_small_eaters_are_killed_before_the_program_is(
    here: Bubblewrap, workspace: Path
) -> None:
    host = await start(sandbox(here, groups=True), workspace, memory_mb=64)
    crowd = "for n in $(seq 50); do (x=$(head -c 2M /dev/zero | tr '\\0' x); sleep 2) & done; wait"
    await host.shell(crowd, seconds=20)
    assert "exit code 0" in await host.shell("true")
    await host.finish(result="x")
    assert (await host.process.wait()).code == 0


@pytest.mark.parametrize("groups", [True, False])
async def test_forking_without_end_is_stopped(
    here: Bubblewrap, workspace: Path, groups: bool
) -> None:
    host = await start(sandbox(here, groups=groups), workspace, processes=40)
    result = await host.shell("for n in $(seq 100); do sleep 1000 & done; echo all", seconds=5)
    assert "Resource temporarily unavailable" in result
    await ended(host.process)


async def test_nothing_of_a_job_is_left_in_the_control_groups(
    here: Bubblewrap, workspace: Path
) -> None:
    way = sandbox(here, groups=True)
    assert here.groups is not None
    host = await start(way, workspace)
    job = f"\n{host.process.pid}\n"  # type: ignore[attr-defined]
    made = here.groups.places["memory"].glob("test-*/cgroup.procs")
    (held,) = [path for path in made if job in f"\n{path.read_text()}"]
    await ended(host.process)
    assert not held.exists()
