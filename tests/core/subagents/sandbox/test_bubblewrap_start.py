"""Starts that do not go as they mostly do: bwrap is slow to tell, or tells nonsense."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.subagents.sandbox import launch
from core.subagents.sandbox.choose import bubblewrap_here
from core.subagents.sandbox.local import LocalSandbox
from core.subagents.sandbox.tree import descendants
from tests.core.subagents.host import hosted, spec

pytestmark = pytest.mark.needs_system("bubblewrap")

# The sandbox runs for long when the bot hears of it.
LATE = """#!/bin/bash
words=("$@")
for place in "${!words[@]}"; do
    if [ "${words[place]}" = --json-status-fd ]; then
        told=${words[place + 1]}
        words[place + 1]=199
    fi
done
exec 199> >(read -r first; sleep 0.5; echo "$first" >&"$told"; cat >&"$told")
exec bwrap "${words[@]}"
"""
# Something half made goes on, and holds what bwrap complains to.
NONSENSE = """#!/bin/bash
sleep 1000 &
while [ "$1" != --json-status-fd ]; do shift; done
echo "such a kernel" >&2
echo "{" >&"$2"
wait
"""


def sandbox(folder: Path, program: str) -> LocalSandbox:
    """Bubblewrap, started by a program of its own."""
    path = folder / "program"
    path.write_text(program)
    path.chmod(0o755)
    bundled = launch.bundle(folder / "run")
    way, _ = bubblewrap_here(str(path), folder / "run", bundled)
    return LocalSandbox(name="bubblewrap", isolates=True, commands_off="", spawn=way.spawn)


async def test_one_that_is_heard_of_late_is_bounded_all_the_same(
    tmp_path: Path, workspace: Path
) -> None:
    async with hosted(sandbox(tmp_path, LATE), spec(workspace, processes=48)) as host:
        assert (await host.shell("ulimit -u")).splitlines()[1] == "48"


async def test_one_that_fails_half_made_is_told_of_and_leaves_nothing(
    tmp_path: Path, workspace: Path
) -> None:
    failing = sandbox(tmp_path, NONSENSE)
    own = await asyncio.to_thread(_children)
    with pytest.raises(SandboxUnavailable, match="such a kernel"):
        async with asyncio.timeout(60):
            await failing.start(spec(workspace))
    assert await asyncio.to_thread(_children) == own


async def test_what_all_sandboxes_see_is_made_again_when_somebody_has_removed_it(
    tmp_path: Path, workspace: Path
) -> None:
    way = sandbox(tmp_path, '#!/bin/sh\nexec bwrap "$@"\n')
    await asyncio.to_thread(shutil.rmtree, tmp_path / "run")
    async with hosted(way, spec(workspace)) as host:
        assert "job" in await host.shell("cat /etc/passwd")


def _children() -> set[int]:
    return set(descendants(os.getpid()))
