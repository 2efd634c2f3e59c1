"""Tells people that they were let in, once each. Lets nobody in."""

from collections.abc import Callable
from functools import partial

import structlog

from core.errors import StoreError
from core.messages import Post, PostKind, ThreadRef
from core.outbox import Outbox
from core.pairing import Pairing
from core.pairing_rows import Paired
from core.records import messages, outbox
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction

log = structlog.get_logger(__name__)

_WORDS = "You may use me now. Just talk to me; `/help` says what else I understand."


class Welcome:
    """Posts into the chats in which people asked to be let in."""

    def __init__(
        self, *, pairing: Pairing, channels: Channels, control: Control, outbox: Outbox,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._pairing = pairing
        self._channels = channels
        self._control = control
        self._outbox = outbox
        self._clock = clock

    async def all(self) -> None:
        """Everybody who was let in and was not told. What fails is told after the next start."""
        try:
            for paired in await self._pairing.untold():
                await self._one(paired)
        except StoreError as error:
            log.error("somebody who was let in is not told yet", error=str(error))

    async def _one(self, paired: Paired) -> None:
        thread = ThreadRef(channel=paired.channel, thread="")
        post = Post(
            id=f"reply:paired:{paired.code}",
            thread=thread,
            kind=PostKind.NOTICE,
            text=_WORDS,
            at=self._clock(),
        )
        async with self._control.giving(paired.channel):
            await self._channels.write(paired.channel, partial(_put, post=post))
        # First, since whatever becomes of the next step, the post is kept.
        self._outbox.kick(thread)
        await self._pairing.told(paired)


def _put(tx: Transaction, *, post: Post) -> None:
    # The process may have died between this and the word in control.db.
    if messages.seq_of(tx, post.id) is None:
        outbox.put(tx, post)
