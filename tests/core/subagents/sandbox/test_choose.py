import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import choose
from tests.core.subagents.host import ended, hosted, spec

ROOT = Path(__file__).parents[4]
NOBODY = 65534
AS_NOBODY = """
import asyncio, json, os, pathlib, sys
from core.subagents.sandbox import choose
from tests.core.subagents.host import ended, hosted, runs, spec
from core.subagents.sandbox.tree import descendants

async def main():
    top = pathlib.Path(sys.argv[1])
    choice = await choose("bubblewrap", top / "run")
    told = {"finding": choice.finding, "uid": os.geteuid()}
    if choice.sandbox is not None:
        (top / "w").mkdir()
        async with hosted(choice.sandbox, spec(top / "w", processes=30)) as host:
            told["status"] = await host.shell("id -u; cat /proc/self/status")
            told["ways"] = await host.shell("unshare -Ur true && echo possible")
            told["around"] = await host.shell(
                "for p in 1 $PPID; do ls /proc/$p/fd && echo entered; done;"
                "ls -l /proc/*/fd/ 2>/dev/null | grep socket && echo reached; true"
            )
            told["writes"] = await host.shell(
                "for d in / /dev /etc /usr /opt /opt/thaw; do touch $d/x && echo written; done"
            )
            told["forks"] = await host.shell("for n in $(seq 60); do sleep 9 & done", 3)
            told["network"] = await host.shell("ls /proc/sys/net/ipv4/conf")
            await host.shell("echo kept > a; setsid sleep 1000 >/dev/null 2>&1 &")
            pids = descendants(host.process.pid)
            await host.finish(result="x")
            told["code"] = (await host.process.wait()).code
            told["left"] = [pid for pid in pids if runs(pid)]
        told["kept"] = (top / "w" / "a").read_text()
    print(json.dumps(told))

asyncio.run(main())
"""


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], str]:
    """A bwrap that fails in its own way."""

    def make(script: str) -> str:
        path = tmp_path / "bwrap"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return make


@pytest.mark.needs_system("bubblewrap")
async def test_a_working_bubblewrap_is_chosen_by_itself(tmp_path: Path) -> None:
    choice = await choose("auto", tmp_path / "run")
    assert choice.sandbox is not None
    assert (choice.sandbox.name, choice.sandbox.isolates) == ("bubblewrap", True)
    assert choice.sandbox.commands_off == ""
    assert choice.finding.startswith("bubblewrap works; ")


async def test_without_bubblewrap_jobs_run_without_commands_and_it_is_said_how_to_get_them(
    tmp_path: Path, workspace: Path
) -> None:
    choice = await choose("auto", tmp_path / "run", program="no-such-program")
    assert choice.sandbox is not None
    assert not choice.sandbox.isolates
    assert "apt install bubblewrap" in choice.sandbox.commands_off
    assert "jobs run without shell and python" in choice.finding
    async with hosted(choice.sandbox, spec(workspace)) as host:
        assert "shell is off here" in await host.shell("id")
        assert "wrote" in await host.call("write_file", path="a", content="1")
        assert "is outside" in await host.call("read_file", path="/etc/passwd")


async def test_a_wish_for_bubblewrap_is_not_answered_with_less(tmp_path: Path) -> None:
    choice = await choose("bubblewrap", tmp_path / "run", program="no-such-program")
    assert choice.sandbox is None
    assert "is not installed" in choice.finding


async def test_no_isolation_comes_only_when_it_is_named(tmp_path: Path) -> None:
    choice = await choose("process", tmp_path / "run")
    assert choice.sandbox is not None
    assert (choice.sandbox.name, choice.sandbox.isolates) == ("process", False)
    assert choice.sandbox.commands_off == ""
    assert "can do all that it can" in choice.finding


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        ("echo 'bwrap: Unknown option --size' >&2; exit 1", "it is too old"),
        ("echo 'bwrap: No permissions to create new namespace' >&2; exit 1", "user namespaces"),
        ("echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", "user namespaces"),
        ("echo 'some other trouble' >&2; exit 1", "some other trouble"),
        ("exit 0", "bubblewrap failed"),
        ("kill -9 $$", "bubblewrap failed"),
    ],
)
async def test_a_bubblewrap_that_does_not_work_is_found_out_by_trying(
    tmp_path: Path, fake: Callable[[str], str], script: str, advice: str
) -> None:
    choice = await choose("bubblewrap", tmp_path / "run", program=fake(script))
    assert choice.sandbox is None
    assert "does not work here" in choice.finding
    assert advice in choice.finding


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxUnavailable, match="file"):
        await choose("auto", tmp_path / "file" / "run")


@pytest.mark.needs_system("bubblewrap")
async def test_it_works_for_a_user_who_is_not_root(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("all other tests are run by a user who is not root then")
    python = _python_of_all()
    folder = Path("/tmp") / f"thaw-nobody-{os.getpid()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)
    try:
        told = json.loads(await _as_nobody(python, folder))
    finally:
        shutil.rmtree(folder)
    assert told["uid"] == NOBODY
    assert told["finding"].startswith("bubblewrap works"), told["finding"]
    assert told["status"].startswith("exit code 0\n1000\n")
    for line in ("NoNewPrivs:\t1", *(f"Cap{kind}:\t{0:016x}" for kind in ("Prm", "Eff", "Bnd"))):
        assert line in told["status"]
    for word in ("possible", "entered", "reached", "written"):
        assert word not in told["ways"] + told["around"] + told["writes"]
    assert "Resource temporarily unavailable" in told["forks"]
    assert told["network"] == "exit code 0\nall\ndefault\nlo\n"
    assert (told["code"], told["left"], told["kept"]) == (0, [], "kept\n")


async def _as_nobody(python: str, folder: Path) -> bytes:
    program = await asyncio.create_subprocess_exec(
        *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
        *(python, "-B", "-c", AS_NOBODY, str(folder)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    )
    out, _ = await asyncio.wait_for(program.communicate(), 60)
    return out


def _python_of_all() -> str:
    """A Python new enough that a user without rights may run, and so may the code."""
    for name in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        check = [
            "setpriv",
            "--reuid",
            str(NOBODY),
            name,
            "-c",
            "import sys, core.subagents.sandbox; print(sys.version_info >= (3, 11))",
        ]
        try:
            ended_ = subprocess.run(check, cwd=ROOT, capture_output=True, timeout=30, check=False)
        except OSError:
            continue
        if ended_.stdout == b"True\n":
            return name
    pytest.skip("needs a Python and a checkout that another user may read")


@pytest.mark.needs_system("bubblewrap")
async def test_choosing_leaves_nothing_running(tmp_path: Path) -> None:
    choice = await choose("auto", tmp_path / "run")
    assert choice.sandbox is not None
    (tmp_path / "w").mkdir()
    process = await choice.sandbox.start(spec(tmp_path / "w"))
    assert (await ended(process)).killed == "the test is over"
    assert {path.name[:7] for path in (tmp_path / "run").iterdir()} == {"etc", "runtime"}
