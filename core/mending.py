"""Tells people that their channel's file was damaged, and takes up what stands in its place. Mends
nothing itself."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial

import structlog

from core.errors import StoreError
from core.messages import ChannelRef, Post, PostKind, ThreadRef
from core.outbox import Outbox
from core.records import outbox as outbox_rows
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mended

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

Spawn = Callable[[Coroutine[object, object, None], str], object]


class Mending:
    """Hears of each channel that was mended. `take_up` looks for its unfinished work."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        outbox: Outbox,
        take_up: Callable[[ChannelRef], Coroutine[object, object, None]],
        spawn: Spawn,
        clock: Callable[[], float],
    ) -> None:
        self._channels = channels
        self._control = control
        self._outbox = outbox
        self._take_up = take_up
        self._spawn = spawn
        self._clock = clock

    def mended(self, one: Mended) -> None:
        """The channel has another file now. Call it on the loop."""
        log.error(
            "a channel's file was damaged and is set aside",
            channel=str(one.channel), reason=one.reason, aside=str(one.aside),
            backup=None if one.since is None else _day(one.since),
        )  # fmt: skip
        self._spawn(self._follow(one), f"tell of the file of {one.channel}")

    async def _follow(self, one: Mended) -> None:
        thread = ThreadRef(channel=one.channel, thread="")
        post = Post(
            id=f"reply:mended:{one.aside.name}",
            thread=thread,
            kind=PostKind.NOTICE,
            text=_ANEW if one.since is None else _BACK.format(since=_day(one.since)),
            at=self._clock(),
        )
        try:
            await self._control.mark(one.channel)
            await self._channels.write(one.channel, partial(outbox_rows.put, item=post))
        except StoreError as error:
            log.error("nobody can be told of it", channel=str(one.channel), error=str(error))
            return
        self._outbox.kick(thread)
        if one.since is not None:
            await self._take_up(one.channel)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
