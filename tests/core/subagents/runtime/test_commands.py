import asyncio
import os
import time
from pathlib import Path

import pytest

from core.subagents.sandbox import Sandbox
from tests.core.subagents.host import Host, ended, hosted, runs, spec


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo hello", "exit code 0\nhello\n"),
        ("true", "exit code 0\n(no output)"),
        ("echo bad >&2; exit 3", "exit code 3\nbad\n"),
        ("no-such-program", "exit code 127\n"),
        ("kill -TERM $$", "killed by signal 15\n"),
        ("kill -KILL $$", "killed by signal 9: perhaps it needed more memory"),
        ("printf 'caf\\351'", "caf\ufffd"),
        ("printf '\\033[1mbold\\033[0m'", "exit code 0\nbold"),
        ("cat; echo read", "exit code 0\nread\n"),
        ("yes | head -2", "exit code 0\ny\ny\n"),
        ("[[ 1 == 1 ]] && echo bash", "exit code 0\nbash\n"),
    ],
)
async def test_a_command_line_runs_and_tells_how_it_ended(
    host: Host, command: str, expected: str
) -> None:
    assert expected in await host.shell(command)


async def test_a_script_runs_in_the_workspace(host: Host, workspace: Path) -> None:
    code = (
        "import sys, pathlib\npathlib.Path('out').write_text(str(sys.version_info[0]))\nprint(1/0)"
    )
    result = await host.call("python", code=code)
    assert result.startswith("exit code 1\nTraceback")
    assert "ZeroDivisionError" in result
    assert (workspace / "out").read_text() == "3"


async def test_a_script_imports_modules_of_the_workspace_and_leaves_no_cache(
    host: Host, workspace: Path
) -> None:
    await host.call("write_file", path="mine.py", content="VALUE = 42\n")
    assert "42" in await host.call("python", code="import mine; print(mine.VALUE)")
    assert not (workspace / "__pycache__").exists()


async def test_too_long_a_script_is_told_to_become_a_file(host: Host) -> None:
    assert "write it to a file" in await host.call("python", code="#" * 100_001)
    assert "exit code 0" in await host.call("python", code="#" * 99_000)


async def test_at_its_timeout_a_command_is_killed_with_all_it_started(
    host: Host, workspace: Path
) -> None:
    command = "(sleep 1000; touch late) & echo $! > pid; echo started; sleep 1000"
    result = await host.shell(command, seconds=0.5)
    assert result == "timed out after 0.5 s; it was killed with all it had started\nstarted\n"
    pid = int((workspace / "pid").read_text())
    assert not runs(pid)


async def test_a_command_that_ignores_signals_is_killed_too(host: Host) -> None:
    assert "timed out" in await host.shell("trap '' TERM INT HUP; sleep 1000", seconds=0.3)


async def test_a_process_left_in_the_background_does_not_hang_the_tool(
    host: Host, workspace: Path
) -> None:
    began = time.monotonic()
    result = await host.shell("mkfifo fifo; (read x < fifo; echo later) & echo now")
    assert time.monotonic() - began < 5
    assert result.startswith("exit code 0; it left processes in the background")
    assert result.endswith("\nnow\n")
    assert ".thaw/output-1.txt" in result
    await host.shell("echo go > fifo; until grep -q later .thaw/output-1.txt; do sleep 0.01; done")
    assert await host.call("read_file", path=".thaw/output-1.txt") == "now\nlater\n"


async def test_background_output_without_end_neither_blocks_nor_fills_the_disk(
    host: Host, workspace: Path
) -> None:
    await host.shell("yes & echo $! > pid")
    pid = int((workspace / "pid").read_text())
    while runs(pid):  # it ends by SIGPIPE once enough is kept
        await host.shell("sleep 0.05")
    assert (workspace / ".thaw/output-1.txt").stat().st_size == 8 << 20


async def test_a_flood_of_output_is_bounded(host: Host) -> None:
    result = await host.shell("head -c 20000000 /dev/zero | tr '\\0' 'x'; echo end")
    assert len(result) < 31_000
    assert result.endswith("end\n")
    assert "bytes cut here; the first 8388608 of 20000004 bytes are in .thaw/output-1.txt" in result


async def test_what_a_daemon_leaves_is_gone_after_the_end(plain: Sandbox, workspace: Path) -> None:
    async with hosted(plain, spec(workspace)) as host:
        await host.shell("setsid sh -c 'echo $$ > pid; exec sleep 1000' > /dev/null 2>&1 &")
        await host.shell("while [ ! -s pid ]; do sleep 0.01; done")
        pid = int((workspace / "pid").read_text())
        assert runs(pid)
        await host.finish(result="x")
        assert (await host.process.wait()).code == 0
        assert not runs(pid)


async def test_killing_takes_daemons_along(plain: Sandbox, workspace: Path) -> None:
    process = await plain.start(spec(workspace))
    host = await Host(process).welcome()
    await host.shell("setsid sh -c 'echo $$ > pid; exec sleep 1000' > /dev/null 2>&1 &")
    await host.shell("while [ ! -s pid ]; do sleep 0.01; done")
    await host.start_call("shell", command="sleep 1000")
    assert (await ended(process)).killed == "the test is over"
    assert not runs(int((workspace / "pid").read_text()))


async def test_many_calls_leave_no_descriptors_behind(host: Host) -> None:
    async def count() -> int:
        pid = host.process.pid  # type: ignore[attr-defined]
        return len(await asyncio.to_thread(os.listdir, f"/proc/{pid}/fd"))

    await host.shell("true")
    before = await count()
    for _ in range(20):
        await host.shell("echo x")
        await host.call("list_files")
    assert await count() == before
