"""Tells people that their channel's file was damaged, and takes up what stands in its place. Mends
nothing itself."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial

import structlog

from core.errors import StoreError
from core.messages import ChannelRef, Post, PostKind, ThreadRef
from core.outbox import Outbox
from core.records import messages
from core.records import outbox as outbox_rows
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mended, Mender
from core.state.database import Transaction
from core.tasks import Spawn

log = structlog.get_logger(__name__)

_ANEW = (
    "The file in which I keep this channel was damaged, and there is no backup of it. I begin anew "
    "here: what was said, decided and started before is not in my memory any more. The damaged "
    "file is set aside for whoever runs me."
)
_BACK = (
    "The file in which I keep this channel was damaged. I have gone back to the backup of {since}: "
    "what was said, decided and started after it is not in my memory any more. The damaged file is "
    "set aside for whoever runs me."
)


class Mending:
    """Hears of each channel that `mender` mends. `take_up` looks for its unfinished work."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        outbox: Outbox,
        mender: Mender,
        take_up: Callable[[ChannelRef], Coroutine[object, object, None]],
        spawn: Spawn,
        clock: Callable[[], float],
    ) -> None:
        self._channels = channels
        self._control = control
        self._outbox = outbox
        self._mender = mender
        self._take_up = take_up
        self._spawn = spawn
        self._clock = clock

    async def start(self) -> None:
        """Finish and tell what a process that died was at. Before any channel is opened."""
        loop = asyncio.get_running_loop()
        self._mender.on_mended = lambda one: loop.call_soon_threadsafe(self._mended, one)
        try:
            untold = await asyncio.to_thread(self._mender.untold)
        except StoreError as error:
            log.error("what was mended is not told", error=str(error))
            return
        for one in untold:
            # Its unfinished work is found with that of all others.
            await self._tell(one)

    def _mended(self, one: Mended) -> None:
        log.error(
            "a channel's file was damaged and is set aside",
            channel=str(one.channel), reason=one.reason, aside=str(one.aside),
            backup=None if one.since is None else _day(one.since),
        )  # fmt: skip
        self._spawn(self._follow(one), f"tell of the file of {one.channel}")

    async def _follow(self, one: Mended) -> None:
        if await self._tell(one) and one.since is not None:
            await self._take_up(one.channel)

    async def _tell(self, one: Mended) -> bool:
        thread = ThreadRef(channel=one.channel, thread="")
        post = Post(
            id=f"reply:mended:{one.aside.name}",
            thread=thread,
            kind=PostKind.NOTICE,
            text=_ANEW if one.since is None else _BACK.format(since=_day(one.since)),
            at=self._clock(),
        )
        try:
            async with self._control.giving(one.channel):
                await self._channels.write(one.channel, partial(_put, post=post))
        except StoreError as error:
            # What was not told is told after the next start.
            log.error("nobody can be told of it", channel=str(one.channel), error=str(error))
            return False
        self._outbox.kick(thread)
        await asyncio.to_thread(self._mender.told, one)
        return True


def _put(tx: Transaction, *, post: Post) -> None:
    # The process may have died before its note was gone.
    if messages.seq_of(tx, post.id) is None:
        outbox_rows.put(tx, post)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
