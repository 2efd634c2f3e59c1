"""Real containers of a real daemon: what a job can do in one, and what is left of it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from core.subagents.sandbox import Mount, Sandbox, choose
from tests.core.subagents.docker.daemon import IMAGE, client
from tests.core.subagents.host import Host, ended, hosted, spec
from tests.redteam.attempts import ATTEMPTS
from tests.redteam.test_sandbox import Raid, raid

pytestmark = pytest.mark.usefixtures("docker")


async def made(folder: Path) -> Sandbox:
    choice = await choose("docker", folder, image=IMAGE)
    assert choice.sandbox is not None, choice.finding
    return choice.sandbox


def containers(address: str) -> list[str]:
    return client(address, "ps", "--all", "--quiet").split()


@pytest.fixture(scope="module")
def raided(docker: str, tmp_path_factory: pytest.TempPathFactory) -> Raid:
    return raid(tmp_path_factory.mktemp("raid"), made, ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: one.tries.replace(" ", "-"))
def test_a_job_in_a_container_does_not_get(attempt: tuple[str, str], raided: Raid) -> None:
    seen = raided.seen[attempt[0]]
    assert not seen.startswith(("WON", "CANARY")), f"{attempt[0]}: {seen}"


def test_after_all_that_the_host_is_as_it_was_and_no_container_is_left(
    docker: str, raided: Raid
) -> None:
    assert raided.host == {"secret", "door"}
    assert raided.bystander is None
    assert containers(docker) == []


async def test_it_works_in_its_workspace_reads_its_sources_and_has_nothing_else(
    tmp_path: Path, workspace: Path
) -> None:
    logs = tmp_path / "lo,gs"
    logs.mkdir()
    (logs / "ci.log").write_text("error in line 3\n")
    given = spec(workspace, sources=(Mount(name="ci", path=logs),))
    async with hosted(await made(tmp_path / "run"), given) as host:
        assert "error in line 3" in await host.call("read_file", path="/sources/ci/ci.log")
        told = await host.call("python", code="import os; print(os.getuid(), os.listdir('/'))")
        assert not told.startswith("exit code 0\n0 ")
        assert "Read-only file system" in await host.shell("echo x > /sources/ci/new")
        assert "exit code 0" in await host.shell("echo kept > file; echo x > /tmp/y")
        assert await _mounted(host) == {"/workspace"}
    assert (workspace / "file").read_text() == "kept\n"


async def _mounted(host: Host) -> set[str]:
    """The folders of the host that may be written to."""
    code = (
        "for line in open('/proc/mounts'):\n"
        "    device, where, kind, how = line.split()[:4]\n"
        "    if how.startswith('rw') and kind not in ('tmpfs', 'proc', 'devpts', 'mqueue'):\n"
        "        print('rw', where)"
    )
    lines = (await host.call("python", code=code)).splitlines()
    return {line.removeprefix("rw ") for line in lines if line.startswith("rw ")}


async def test_killed_it_is_gone_with_all_that_it_started(
    docker: str, tmp_path: Path, workspace: Path
) -> None:
    process = await (await made(tmp_path / "run")).start(spec(workspace))
    host = await Host(process).welcome()
    await host.shell("echo x > log; while true; do echo x >> log; done & echo started")
    end = await ended(process)
    assert end.killed == "the test is over"
    assert containers(docker) == []
    size = (workspace / "log").stat().st_size
    await asyncio.sleep(0.1)
    assert (workspace / "log").stat().st_size == size


async def test_what_eats_the_disk_is_ended(tmp_path: Path, workspace: Path) -> None:
    process = await (await made(tmp_path / "run")).start(spec(workspace, disk_mb=4))
    host = await Host(process).welcome()
    code = "for n in range(9): open(f'f{n}', 'wb').write(bytes(3 << 20))"
    await host.start_call("python", code=f"import time\n{code}\ntime.sleep(1000)")
    end = await process.wait()
    assert end.killed is not None
    assert end.killed.startswith("disk: ")


VICTIM = """
import asyncio, pathlib, sys
from core.subagents.sandbox import choose
from tests.core.subagents.host import Host, spec

async def main():
    top = pathlib.Path(sys.argv[1])
    (top / "w").mkdir()
    sandbox = (await choose("docker", top / "run", image=sys.argv[2])).sandbox
    host = await Host(await sandbox.start(spec(top / "w"))).welcome()
    await host.start_call("shell", command="while true; do echo x; done")
    print("runs", flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


async def test_when_the_bot_is_killed_nothing_runs_on_and_the_next_start_removes_the_rest(
    docker: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", VICTIM, str(tmp_path), IMAGE]
    root = Path(__file__).parents[4]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root)  # noqa: ASYNC220 - killed
    assert victim.stdout is not None
    assert await asyncio.to_thread(victim.stdout.readline) == b"runs\n"
    (left,) = containers(docker)
    victim.kill()
    victim.communicate()
    await asyncio.to_thread(client, docker, "wait", left)
    other = client(docker, "create", "--label", "thaw.data=others", IMAGE, "python3").strip()
    await made(tmp_path / "run")
    assert [one[:12] for one in containers(docker)] == [other[:12]]
    client(docker, "rm", other)


@pytest.mark.parametrize(
    ("image", "client_", "host", "words"),
    [
        ("nowhere/none:1", "docker", "", "there is no image nowhere/none:1 here"),
        (IMAGE, "no-such-docker", "", "Docker is not installed"),
        (IMAGE, "docker", "unix:///nowhere.sock", "start it (systemctl start docker)"),
    ],
)
async def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str, client_: str, host: str, words: str
) -> None:
    if host:
        monkeypatch.setenv("DOCKER_HOST", host)
    choice = await choose("docker", tmp_path / "run", image=image, client=client_)
    assert choice.sandbox is None
    assert words in choice.finding


async def test_an_image_without_python_is_said(docker: str, tmp_path: Path) -> None:
    # An archive of nothing: two blocks of zeros.
    client(docker, "import", "-", "thaw-empty:1", given=bytes(1024))
    choice = await choose("docker", tmp_path / "run", image="thaw-empty:1")
    assert choice.sandbox is None
    assert "take an image with Python 3.11" in choice.finding
    assert containers(docker) == []
    assert [one.name for one in (tmp_path / "run" / "docker").iterdir()] == ["bundle"]
