import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.subagents.sandbox import leftovers
from tests.core.subagents.host import runs


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program of our own name, so that no other test's processes are meant."""
    shutil.copy("/bin/sleep", tmp_path / "sandbox")
    return str(tmp_path / "sandbox")


def dead_bot() -> str:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from core.subagents.sandbox import leftovers as l; print(l.own_name())",
        ],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.strip()


def start(program: str, bot: str) -> "subprocess.Popen[bytes]":
    """Start it with a name as its last word, which sleep would not take as an argument."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'exec -a "$0" "$0" 1000', program]
        if not bot
        else [
            *(sys.executable, "-c"),
            f"import os; os.execv({sys.executable!r}, [{program!r}, '-c', 'input()', 'bot={bot}'])",
        ],
        stdin=subprocess.PIPE,
    )


async def until_named(process: "subprocess.Popen[bytes]", program: str) -> None:
    """The fork has the old name until it has become the program."""
    async with asyncio.timeout(60):
        while not _command(process.pid).startswith(program):  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


async def test_what_a_dead_bot_left_is_ended_and_what_a_living_one_runs_is_not(
    program: str,
) -> None:
    left, mine = start(program, dead_bot()), start(program, leftovers.own_name())
    try:
        for process in (left, mine):
            await until_named(process, program)
        leftovers.end("/usr/bin/other-program")
        assert runs(left.pid)
        leftovers.end(program)
        assert not runs(left.pid)
        assert runs(mine.pid)
    finally:
        for process in (left, mine):
            process.kill()
            process.communicate()


def test_a_name_is_that_of_one_process_only() -> None:
    mine = leftovers.own_name()
    assert not leftovers.is_left(mine)
    assert leftovers.is_left(dead_bot())
    assert leftovers.is_left(f"thaw-{os.getpid()}-1")  # the same pid, earlier
    for other in ("thaw", "thaw-1", "thaw--", "x", "", "thaw-1-1-1", "nothaw-1-1"):
        assert not leftovers.is_left(other)
