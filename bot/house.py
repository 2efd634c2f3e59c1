"""What is tidied up while the bot runs, and when that begins. Removes nothing itself."""

import asyncio
from collections.abc import Callable

from core.jobs.keeping import Swept, keep_tidy
from core.pruning import keep_pruned
from core.state.channels import Channels
from core.state.control import Control

SETTLED_S = 60.0
"""A start has enough to do: all this looks into every channel that there is."""


async def keep_house(
    control: Control,
    channels: Channels,
    folders: Swept,
    keep_days: int,
    clock: Callable[[], float],
    *,
    settled_s: float = SETTLED_S,
) -> None:
    """Remove old job folders and prune the channels' past, from a while after the start, for
    ever."""
    await asyncio.sleep(settled_s)
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_tidy(control, channels, folders, clock), name="keep tidy")
        pruning = keep_pruned(control, channels, keep_days, clock)
        group.create_task(pruning, name="keep pruned")
