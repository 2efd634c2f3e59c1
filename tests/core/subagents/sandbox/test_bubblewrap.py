"""What a job inside bubblewrap can see and do: each test is what a hostile job would try."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.subagents.sandbox import Mount, Sandbox, choose
from core.subagents.sandbox.process import readable
from core.subagents.sandbox.tree import descendants
from tests.core.subagents.ahead import Taking
from tests.core.subagents.host import Host, ended, hosted, runs, spec

pytestmark = pytest.mark.needs_system("bubblewrap")


@pytest.fixture(params=["started for the job", "started ahead"])
async def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    choice = await choose("bubblewrap", tmp_path / "run")
    assert choice.sandbox is not None, choice.finding
    return choice.sandbox if request.param == "started for the job" else Taking(choice)


@pytest.fixture
async def inside(
    sandbox: Sandbox, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Host]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "ci.log").write_text("error in line 3\n")
    (tmp_path / "other-job").mkdir()
    (tmp_path / "other-job" / "secret.txt").write_text("secret")
    sources = (Mount(name="ci", path=logs),)
    async with hosted(sandbox, spec(workspace, sources=sources)) as host:
        yield host


def users_of(pid: int) -> list[str]:
    status = Path(f"/proc/{pid}/status").read_text()
    found: list[str] = re.findall(r"^Uid:\t(.*)", status, re.MULTILINE)[0].split()
    return found


def own_namespaces() -> list[str]:
    return [str(link.readlink()) for link in Path("/proc/self/ns").iterdir()]


def oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_it_is_a_plain_user_without_rights_or_a_way_to_get_any(inside: Host) -> None:
    status = await inside.shell("id -u; id -g; id -G; cat /proc/self/status")
    assert status.startswith("exit code 0\n1000\n1000\n1000\n")
    for line in (
        "NoNewPrivs:\t1",
        *(f"Cap{kind}:\t{0:016x}" for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")),
    ):
        assert line in status
    for way in (
        "unshare -U",
        "unshare -Ur",
        "unshare -m",
        "chroot /",
        "setpriv --reuid 0",
        "nsenter -t1 -m",
    ):
        assert "possible" not in await inside.shell(f"{way} true && echo possible"), way
    assert "possible" not in await inside.shell("mount -t tmpfs x /tmp && echo possible")


async def test_outside_it_is_neither_root_nor_the_bots_user(inside: Host) -> None:
    await inside.start_call("shell", command="touch running; sleep 1000")
    outer = inside.process.pid  # type: ignore[attr-defined]
    users = set()
    for pid in descendants(outer):
        users.update(users_of(pid))
    assert users
    assert "0" not in users
    if os.geteuid() == 0:
        assert all(int(user) >= 60_000 for user in users)


async def test_it_has_namespaces_of_its_own(inside: Host) -> None:
    shown = await inside.shell(
        "for n in user pid net ipc uts mnt; do readlink /proc/self/ns/$n; done"
    )
    found = shown.splitlines()[1:]
    assert len(found) == 6
    assert not set(found) & set(own_namespaces())


async def test_it_reaches_no_network_not_even_the_hosts_loopback(inside: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            "import socket, os\n"
            "print(sorted(os.listdir('/proc/sys/net/ipv4/conf')))\n"
            f"for where in (('127.0.0.1', {port}), ('1.1.1.1', 80), ('192.168.0.1', 80)):\n"
            "    try: socket.create_connection(where, 2); print('connected')\n"
            "    except OSError as error: print('failed', error)\n"
        )
        result = await inside.call("python", code=code)
    assert result.count("failed") == 3
    assert "'all', 'default', 'lo'" in result
    assert "eth" not in result


async def test_an_abstract_socket_of_the_host_cannot_be_reached(inside: Host) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0thaw-test")
        server.listen()
        code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0thaw-test')"
        assert "ConnectionRefusedError" in await inside.call("python", code=code)


async def test_it_knows_no_key_and_nothing_of_the_bots_environment(inside: Host) -> None:
    found = await inside.shell("env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "sk-secret" not in found
    assert "OPENAI" not in found
    names = {line.split("=")[0] for line in found.splitlines() if "=" in line}
    assert names <= {
        *("PWD", "HOME", "LANG", "PATH", "TERM", "SHLVL", "OLDPWD", "_", "LD_LIBRARY_PATH"),
        *("PYTHONDONTWRITEBYTECODE", "XDG_CACHE_HOME"),
    }


async def test_it_sees_nothing_of_the_host_but_the_system_and_its_sources(
    inside: Host, tmp_path: Path
) -> None:
    root = await inside.shell("ls -A /; ls -A /etc /opt /sources /tmp /var")
    assert "root" not in root.split()
    assert "home" not in root.split()
    assert "No such file" in await inside.shell(f"ls {tmp_path}")
    assert "No such file" in await inside.shell("cat /etc/shadow")
    assert await inside.shell("grep -rl secret / --include=secret.txt 2>/dev/null") in (
        "exit code 1\n(no output)",
        "exit code 2\n(no output)",
    )
    mine = str(os.getpid())
    assert (
        mine not in (await inside.shell("ls /proc | grep '^[0-9]'")).split()[3:] or int(mine) < 50
    )


async def test_a_source_is_there_to_read_only(inside: Host, tmp_path: Path) -> None:
    assert "error in line 3" in await inside.shell("cat /sources/ci/ci.log")
    assert await inside.call("read_file", path="/sources/ci/ci.log") == "error in line 3\n"
    for command in (
        "echo x > /sources/ci/ci.log",
        "touch /sources/ci/new",
        "rm /sources/ci/ci.log",
    ):
        assert "exit code 1" in await inside.shell(command)
    assert names_in(tmp_path / "logs") == ["ci.log"]


async def test_it_can_write_to_its_workspace_and_to_a_private_tmp_only(
    inside: Host, workspace: Path
) -> None:
    assert "exit code 0" in await inside.shell(
        "echo 1 > a && mkdir b && echo 2 > b/c && echo 3 > /tmp/t"
    )
    assert (workspace / "b/c").read_text() == "2\n"
    assert "t" not in names_in(Path("/tmp"))
    places = "/ /usr /usr/bin /etc /opt /opt/python /opt/thaw /dev /proc /var /sources"
    for place in places.split():
        assert "exit code 0" not in await inside.shell(
            f"touch {place}/x && echo written to {place}"
        )
    assert "written" not in await inside.shell("echo 1 > /proc/sys/kernel/hostname && echo written")


async def test_the_tmp_has_a_size(inside: Host) -> None:
    for place in ("/tmp", "/dev/shm"):
        fill = f"for n in 1 2 3 4; do head -c 50M /dev/zero > {place}/$n; done; rm {place}/?"
        result = await inside.shell(fill)
        assert "No space left" in result


@pytest.mark.parametrize("where", ["$PPID", "1"])
@pytest.mark.parametrize("what", ["fd", "fdinfo", "mem", "environ", "cwd", "root", "maps"])
async def test_the_processes_around_a_command_are_closed_to_it(
    inside: Host, where: str, what: str
) -> None:
    forged = '{"kind":"finish","id":99,"call":null,"result":"forged","files":[]}'
    command = f"ls /proc/{where}/{what}/ && echo entered; cat /proc/{where}/{what} && echo read; "
    command += f"for f in /proc/{where}/fd/*; do echo '{forged}' > $f && echo written; done"
    result = await inside.shell(command)
    for word in ("entered", "read\n", "written"):
        assert word not in result.replace("could not be read", "")
    finish = await inside.finish(result="honest")
    assert finish.result == "honest"


async def test_the_line_to_the_host_is_in_no_process_a_command_can_see(inside: Host) -> None:
    result = await inside.shell("ls -l /proc/*/fd/ 2>/dev/null | grep -c socket")
    assert result == "exit code 1\n0\n"


@pytest.mark.parametrize("request_number", [16, 0x4206])  # PTRACE_ATTACH, PTRACE_SEIZE
async def test_the_program_cannot_be_traced(inside: Host, request_number: int) -> None:
    code = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for pid in (1, os.getppid()):\n"
        f"    result = libc.ptrace({request_number}, pid, 0, 0)\n"
        "    print(result, os.strerror(ctypes.get_errno()))\n"
        "    fd = libc.syscall(434, pid, 0)\n"  # pidfd_open
        "    print([libc.syscall(438, fd, n, 0) for n in range(12)])\n"  # pidfd_getfd
        "    data = ctypes.create_string_buffer(8)\n"
        "    iov = (ctypes.c_size_t * 2)(ctypes.addressof(data), 8)\n"
        "    print(libc.process_vm_readv(pid, iov, 1, iov, 1, 0))\n"
    )
    result = await inside.call("python", code=code)
    assert result.count("-1 Operation not permitted") == 2
    assert result.count(str([-1] * 12)) == 2
    assert result.count("\n-1\n") == 2


async def test_a_fork_bomb_stays_inside_and_the_job_goes_on(inside: Host) -> None:
    code = (
        "import os, signal\n"
        "count = 0\n"
        "try:\n"
        "    while True:\n"
        "        if os.fork() == 0: signal.pause()\n"
        "        count += 1\n"
        "except OSError as error: print(count, error, flush=True)\n"
    )
    result = await inside.call("python", code=code, timeout=20)
    count = int(re.findall(r"^(\d+) \[Errno 11\]", result, re.MULTILINE)[0])
    assert 20 < count <= 64
    await inside.finish(result="x")
    assert (await inside.process.wait()).code == 0


async def test_commands_are_the_first_to_go_when_memory_runs_out(inside: Host) -> None:
    program = descendants(inside.process.pid)[0]  # type: ignore[attr-defined]
    for _ in range(2):
        command = (await inside.shell("cat /proc/self/oom_score_adj")).split()[-1]
        assert int(command) > oom_score(program) >= 500


async def test_orphans_that_end_are_collected(inside: Host) -> None:
    # While the command that made them still runs, and more in all than there may be processes.
    # Also none that has yet to run, on a busy machine, may be left when it ends itself.
    none = "had=$(set -- /proc/[0-9]*; echo $#); none() { set -- /proc/[0-9]*; [ $# -lt $had ]; }"
    make = "for m in 1 2 3; do for n in $(seq 40); do (true &); done; until none; do :; done; done"
    assert await inside.shell(f"{none}; {make}", 30) == "exit code 0\n(no output)"


async def test_the_program_cannot_be_stopped_from_inside(inside: Host) -> None:
    await inside.shell("kill -STOP 1; kill -KILL 1; kill -TERM 1; kill -9 -1")
    await inside.finish(result="x")
    assert (await inside.process.wait()).code == 0


async def test_a_memory_eater_is_killed_and_told_and_the_job_goes_on(inside: Host) -> None:
    result = await inside.call(
        "python", code="x = bytearray(2 << 30)\nfor i in range(0, len(x), 4096): x[i] = 1"
    )
    assert "killed by signal 9: perhaps it needed more memory" in result or "MemoryError" in result
    assert "exit code 0" in await inside.shell("true")


async def test_links_pipes_and_devices_in_the_workspace_lead_nowhere(
    inside: Host, workspace: Path
) -> None:
    await inside.shell(
        "ln -s /etc/passwd l; mkfifo p; mknod d c 1 3; ln -s / r; ln /sources/ci/ci.log h"
    )
    assert not (workspace / "d").exists()
    assert not (workspace / "h").exists()
    for path in ("l", "p", "r/etc/passwd"):
        assert "error: " in await inside.call("read_file", path=path)
        assert "error: " in await inside.call("write_file", path=path, content="x")


async def test_a_program_with_a_setuid_bit_gives_nothing(inside: Host) -> None:
    result = await inside.shell(
        "cp /usr/bin/id mine; chmod 4755 mine; ./mine -u; find / -perm -4000 2>/dev/null | head -1"
    )
    assert "\n1000\n" in result


async def test_what_a_daemon_leaves_behind_is_gone_with_the_job(
    sandbox: Sandbox, workspace: Path
) -> None:
    async with hosted(sandbox, spec(workspace)) as host:
        pids = await asyncio.to_thread(descendants, host.process.pid)  # type: ignore[attr-defined]
        await host.shell(
            "setsid sh -c '(setsid sh -c \"while :; do date >> beat; sleep 0.01; done\" &) &' "
            ">/dev/null 2>&1 & until [ -s beat ]; do sleep 0.01; done"
        )
        after = await asyncio.to_thread(descendants, host.process.pid)  # type: ignore[attr-defined]
        assert len(after) > len(pids)
        await host.finish(result="x")
        assert (await host.process.wait()).code == 0
        beat = (workspace / "beat").read_bytes()
        assert not [pid for pid in after if runs(pid)]
        assert (workspace / "beat").read_bytes() == beat


async def test_killing_while_a_command_runs_leaves_nothing(
    sandbox: Sandbox, workspace: Path
) -> None:
    process = await sandbox.start(spec(workspace))
    host = await Host(process).welcome()
    await host.start_call("shell", command="sleep 1000 & setsid sleep 1000")
    pids = descendants(process.pid)  # type: ignore[attr-defined]
    exit_ = await ended(process)
    assert (exit_.killed, exit_.signal) == ("the test is over", 9)
    assert not [pid for pid in pids if runs(pid)]


async def test_when_the_bot_is_killed_everything_inside_dies(tmp_path: Path) -> None:
    program = """
import asyncio, os, pathlib, signal, sys
from core.subagents.sandbox import choose
from tests.core.subagents.ahead import Taking
from tests.core.subagents.host import Host, spec
from core.subagents.sandbox.tree import descendants
async def main():
    top = pathlib.Path(sys.argv[1])
    sandbox = (await choose("bubblewrap", top / "run")).sandbox
    (top / "w").mkdir()
    process = await sandbox.start(spec(top / "w"))
    host = await Host(process).welcome()
    await host.shell("setsid sleep 1000 >/dev/null 2>&1 &")
    await host.start_call("shell", command="sleep 1000")
    pids = [process.pid, *descendants(process.pid)]
    if os.geteuid() != 0:
        os.kill(pids[1], signal.SIGSTOP)  # then it cannot notice by itself that the line is broken
    print(*pids, flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path)),
        cwd=Path(__file__).parents[4],
        stdout=subprocess.PIPE,
    )
    assert bot.stdout is not None
    pids = [int(pid) for pid in (await asyncio.wait_for(bot.stdout.readline(), 30)).split()]
    assert len(pids) >= 3
    watched = [readable(os.pidfd_open(pid)) for pid in pids]
    bot.kill()
    await bot.wait()
    async with asyncio.timeout(60):
        for gone in watched:
            await gone
