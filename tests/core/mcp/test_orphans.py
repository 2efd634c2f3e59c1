import subprocess
import sys
from os import environ

from core.mcp.orphans import MARK, end_marked, new_mark
from tests.core.subagents.host import runs

# Its child has left its session, and is no child of ours.
DAEMON = """
import os, subprocess, sys
left = subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL)
print(left.pid, flush=True)
"""


def left_behind(mark: str) -> int:
    said = subprocess.run(
        [sys.executable, "-c", DAEMON], env={**environ, MARK: mark}, stdout=subprocess.PIPE,
        check=True, text=True,
    )  # fmt: skip
    return int(said.stdout)


def test_what_has_the_mark_ends_wherever_it_went_and_nothing_else_does() -> None:
    mine, other = new_mark(), new_mark()
    gone, stays = left_behind(mine), left_behind(other)
    try:
        end_marked(mine)
        assert not runs(gone)
        assert runs(stays)
    finally:
        end_marked(other)
    assert not runs(stays)
