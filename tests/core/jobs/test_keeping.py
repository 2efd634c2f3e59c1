"""Folders of ended jobs go after a while, those of unfinished ones stay."""

import asyncio
from pathlib import Path

from core.jobs.keeping import KEPT_S, keep_tidy
from core.state.channels import Channels
from core.state.control import Control
from tests.core.room import CHANNEL, room, says, starts

NOW = 10_000_000.0


class Folders:
    """Remembers what it was asked to sweep."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, frozenset[str]]] = []
        self.swept = asyncio.Event()

    async def sweep(self, before: float, unfinished: frozenset[str]) -> int:
        self.asked.append((before, unfinished))
        self.swept.set()
        return 0


async def test_the_folders_of_unfinished_jobs_are_kept_however_old(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.script.replies = [starts("one", "two"), says("on it")]
        await here.ask("m1", "do both")
        first = await here.hands.running(1)
        second = await here.hands.running(2)
        here.hands.end(1)
        await here.platform.post("result:1")
        assert first.id != second.id
        unfinished = {second.id}
    control = await Control.open(tmp_path)
    channels, folders = Channels(tmp_path), Folders()
    tidying = asyncio.create_task(keep_tidy(control, channels, folders, lambda: NOW))
    try:
        async with asyncio.timeout(60):
            await folders.swept.wait()
        assert folders.asked == [(NOW - KEPT_S, frozenset(unfinished))]
        assert await control.unfinished() == (CHANNEL,)
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await channels.close()
        await control.close()
