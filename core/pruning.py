"""Keeps every channel's past within bounds: what there is to remove is removed now and once a day,
in steps between which others write. Decides nothing; `/forget` is core.forgetting's."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from core.errors import StoreError
from core.messages import ChannelRef
from core.records import jobs, places, turns
from core.state import blobs, prune
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.state.kept import floor
from core.state.prune import Horizon
from core.state.space import roomy, shrink_step

log = structlog.get_logger(__name__)

_DAY_S = 86_400.0
_ROWS = 300

_Run = Callable[[Callable[[Transaction], bool]], Awaitable[bool]]


async def keep_pruned(
    control: Control, channels: Channels, keep_days: int, clock: Callable[[], float]
) -> None:
    """Prune all channels, one after another, now and once a day, for ever."""
    while True:
        try:
            for channel in await control.every():
                await prune_where_old(channels, channel, clock() - keep_days * _DAY_S)
        except StoreError as error:
            log.warning("nothing is pruned", error=str(error))
        await asyncio.sleep(_DAY_S)


async def prune_where_old(channels: Channels, channel: ChannelRef, before: float) -> None:
    """`prune_channel`, for whoever asks one channel after another: it opens only those in which
    there is something to remove, and closes them again. A fault is logged."""
    try:
        if await channels.exists(channel) and await _old(channels, channel, before):
            async with channels.visit(channel):
                await prune_channel(channels, channel, before)
    except StoreError as error:
        log.warning("a channel is not pruned", channel=str(channel), error=str(error))


async def _old(channels: Channels, channel: ChannelRef, before: float) -> bool:
    """Whether there is something to remove, asked beside the channel's own connection: of most
    channels there is nothing, and of those that are open none is to grow by the question."""
    try:
        return await channels.aside(channel, partial(_anything, before=before))
    except StoreError:
        return True  # it has to be migrated or mended first


async def prune_channel(channels: Channels, channel: ChannelRef, before: float) -> None:
    """Remove what of the channel is older than `before` (Unix seconds) and needed by nothing.

    A kill at any moment leaves a channel that the next call goes on with. Raises StoreError.
    """
    read, write = partial(channels.read, channel), partial(channels.write, channel)
    found = await read(partial(_horizon, before=before))
    if found is not None:
        await write(partial(_raise_floor, found=found))
    await _steps(write, prune.list_step)
    place: int | None = 0
    while place is not None:
        place = await write(partial(prune.prune_step, after=place))
    await _steps(write, prune.conflicts_step)
    orphans = await read(blobs.orphans)
    for at in range(len(orphans.blobs)):
        if not await write(partial(blobs.collect, found=orphans, place=at)):
            break
    await _steps(write, partial(turns.prune, before=before, most=_ROWS))
    await _steps(write, partial(jobs.prune_steering, before=before, most=_ROWS))
    item: str | None = ""
    while item is not None:
        item = await write(partial(places.prune, after=item, before=before))
    await _steps(partial(channels.run, channel), shrink_step)


async def _steps(run: _Run, step: Callable[[Transaction], bool]) -> None:
    while await run(step):
        pass


def _anything(tx: Transaction, *, before: float) -> bool:
    return (
        _horizon(tx, before=before) is not None
        or prune.unpruned(tx)
        or turns.any_old(tx, before)
        or jobs.any_old_steering(tx, before)
        or places.any_stray(tx, before)
        or bool(blobs.orphans(tx).blobs)
        or roomy(tx)
    )


def _horizon(tx: Transaction, *, before: float) -> Horizon | None:
    found = prune.horizon(tx, before, _bases(tx))
    return found if found.floor > floor(tx) else None


def _raise_floor(tx: Transaction, *, found: Horizon) -> bool:
    return prune.raise_floor(tx, found, _bases(tx))


def _bases(tx: Transaction) -> tuple[int, ...]:
    return (*jobs.bases(tx), *turns.bases(tx))
