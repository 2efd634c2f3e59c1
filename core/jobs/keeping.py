"""How long the folders of ended jobs are kept: transcripts and deltas, for those who ask."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog

from core.errors import StoreError
from core.messages import ChannelRef
from core.records import jobs
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction

log = structlog.get_logger(__name__)

KEPT_S = 14 * 86_400.0
_DAY_S = 86_400.0


class Swept(Protocol):
    """Where jobs leave their folders."""

    async def sweep(self, before: float, unfinished: frozenset[str]) -> int:
        """Remove what was not touched since `before`, but for these jobs'; returns how many."""


async def keep_tidy(
    control: Control, channels: Channels, folders: Swept, clock: Callable[[], float]
) -> None:
    """Remove old folders now and once a day, for ever."""
    while True:
        try:
            # Without the ids of all unfinished jobs nothing is removed.
            unfinished = await _unfinished(control, channels)
            removed = await folders.sweep(clock() - KEPT_S, unfinished)
            if removed:
                log.info("old job folders removed", folders=removed)
        except StoreError as error:
            log.warning("old job folders are left", error=str(error))
        await asyncio.sleep(_DAY_S)


async def _unfinished(control: Control, channels: Channels) -> frozenset[str]:
    ids: set[str] = set()
    for channel in await control.unfinished():
        ids.update(await channels.glance(channel, partial(_ids, channel)))
    return frozenset(ids)


def _ids(channel: ChannelRef, tx: Transaction) -> list[str]:
    rows = (jobs.read(tx, channel, number) for number, _ in jobs.wanted(tx))
    return [row.id for row in rows if row is not None]
