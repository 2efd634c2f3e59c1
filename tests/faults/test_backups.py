"""`thaw backup` and `thaw restore` killed while they work: there is a whole backup or none, the old
data or the backup's, and never half of it."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from core.messages import ChannelRef
from core.state.channels import Channels
from core.state.control import Control
from tests.bot.stored import add, names
from tests.harness.bot import ROOT

CHAOS = "THAW_CHAOS" in os.environ
CHANNELS = 120 if CHAOS else 40
# Parts of the time that it takes when nobody kills it, the start of the program included.
MOMENTS = [part / 40 for part in range(20, 42)] if CHAOS else [0.85]
REFS = [ChannelRef(platform="web", workspace="local", channel=f"c{n}") for n in range(CHANNELS)]


class Program:
    """The command line over one data directory."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._config = folder / "config.toml"
        self._config.write_text(f'[bot]\ndata_dir = "{self.data}"\n')

    async def run(self, *arguments: str, kill_after_s: float | None = None) -> int:
        """Its exit code; with a time, it is killed then, if it still runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments, "--config", str(self._config),
            cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if kill_after_s is not None:
            await asyncio.wait([asyncio.create_task(process.wait())], timeout=kill_after_s)
            if process.returncode is None:
                process.kill()
        return await process.wait()

    async def took(self, *arguments: str) -> float:
        """How long it takes to its end."""
        began = time.monotonic()
        assert await self.run(*arguments) == 0
        return time.monotonic() - began

    async def write(self, word: str) -> None:
        """Put a word into every channel."""
        control, channels = await Control.open(self.data), Channels(self.data)
        for ref in REFS:
            await control.mark(ref)
            await channels.write(ref, add(word))
        await channels.close()
        await control.close()

    async def words(self) -> set[tuple[str, ...]]:
        """What the channels hold; all the same if nothing is half."""
        channels = Channels(self.data)
        found = {tuple(await channels.glance(ref, names)) for ref in REFS}
        await channels.close()
        return found


async def test_killed_anywhere_they_leave_all_or_nothing(tmp_path: Path) -> None:
    thaw, kept = Program(tmp_path), tmp_path / "kept"
    await thaw.write("old")
    usual = await thaw.took("backup", str(tmp_path / "first"))
    for part in MOMENTS:
        code = await thaw.run("backup", str(kept), kill_after_s=part * usual)
        assert code in (0, -signal.SIGKILL)
        # What was left is no backup, and the next one takes its place.
        whole = (kept / "manifest.json").exists()
        assert await thaw.run("restore", str(kept), "--replace") == (0 if whole else 1)
        assert await thaw.words() == {("old",)}
        if not whole:
            assert await thaw.run("backup", str(kept)) == 0
        kept = tmp_path / f"kept-{part}"
    await thaw.write("new")
    usual = await thaw.took("restore", str(tmp_path / "first"), "--replace")
    for part in MOMENTS:
        await thaw.write("new")
        code = await thaw.run(
            "restore", str(tmp_path / "first"), "--replace", kill_after_s=part * usual
        )
        assert code in (0, -signal.SIGKILL)
        assert await thaw.words() in ({("old",)}, {("new", "old")})
