import os
import time
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import Mount, Sandbox
from core.subagents.sandbox.limits import Limits
from tests.core.subagents.host import hosted, runs, spec


async def test_commands_run_in_the_workspace_and_know_nothing_of_the_bots_environment(
    plain: Sandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    async with hosted(plain, spec(workspace)) as host:
        assert await host.shell("pwd; echo $HOME") == f"exit code 0\n{workspace}\n{workspace}\n"
        assert "sk-secret" not in await host.shell("env")


async def test_a_source_has_the_same_name_for_the_file_tools(
    plain: Sandbox, workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a:b.log").write_text("error\n")
    sources = (Mount(name="ci", path=tmp_path / "logs"),)
    async with hosted(plain, spec(workspace, sources=sources)) as host:
        assert await host.call("list_files", path="/sources/ci") == "/sources/ci/a:b.log  6"
        assert await host.call("read_file", path="/sources/ci/a:b.log") == "error\n"
        assert "read-only" in await host.call("write_file", path="/sources/ci/x", content="")


async def test_what_fills_the_disk_is_killed_here_as_well(plain: Sandbox, workspace: Path) -> None:
    async with hosted(plain, spec(workspace, disk_mb=8)) as host:
        fill = "for n in $(seq 20); do head -c 1M /dev/zero > f$n; done; sleep 1000"
        await host.start_call("shell", command=fill)
        assert await host.process.receive() is None
        end = await host.process.wait()
    assert end.killed == "disk: more than the 8 MB that a job may use"


async def test_no_descriptor_of_the_bot_is_inherited(plain: Sandbox, workspace: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.set_inheritable(writing, True)
        async with hosted(plain, spec(workspace)) as host:
            listed = await host.shell("ls /proc/self/fd")
        assert listed.split()[3:] == ["0", "1", "2", "3"]
    finally:
        os.close(reading)
        os.close(writing)


async def test_it_does_nothing_before_it_is_bounded(
    plain: Sandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter, seen = Limits.enter, list[Path]()

    def late(self: Limits, pid: int) -> None:
        time.sleep(0.5)  # as where the machine has no time for the bot
        seen.append(Path(f"/proc/{pid}/cwd").readlink())
        enter(self, pid)

    monkeypatch.setattr(Limits, "enter", late)
    async with hosted(plain, spec(workspace)) as host:
        assert "exit code 0" in await host.shell("true")
    assert seen == [Path.cwd()]


async def test_one_that_cannot_be_bounded_is_ended(
    plain: Sandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[int]()

    def refused(self: Limits, pid: int) -> None:
        started.append(pid)
        raise PermissionError("not yours to bound")

    monkeypatch.setattr(Limits, "enter", refused)
    with pytest.raises(SandboxUnavailable, match="not yours to bound"):
        await plain.start(spec(workspace))
    assert [pid for pid in started if not runs(pid)] == started
