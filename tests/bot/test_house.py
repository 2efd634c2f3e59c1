import asyncio
from pathlib import Path

from bot.house import keep_house
from core.state.channels import Channels
from core.state.control import Control


class Folders:
    """Remembers that it was swept, and when that is allowed for."""

    def __init__(self) -> None:
        self.swept = asyncio.Event()

    async def sweep(self, before: float, unfinished: frozenset[str]) -> int:
        """See Swept."""
        self.swept.set()
        return 0


async def test_nothing_is_tidied_before_the_start_has_settled(tmp_path: Path) -> None:
    control, channels, folders = await Control.open(tmp_path), Channels(tmp_path), Folders()
    house = asyncio.create_task(
        keep_house(control, channels, folders, 30, lambda: 1e9, settled_s=0.2)
    )
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(30):
        await folders.swept.wait()
    assert asyncio.get_running_loop().time() - began >= 0.2
    house.cancel()
    await asyncio.wait([house])
    await channels.close()
    await control.close()
