"""Edits and deletions of messages, in any order with the messages: kept, and told to the thread
whose answer they change. Decides no consequences."""

import time
from collections.abc import Callable
from functools import partial

import structlog

from core.conversation import Changed, Conversations
from core.early import Early
from core.errors import NotAllowed, StoreError
from core.messages import Asking, Change, Message
from core.outbox import Outbox
from core.records import revisions
from core.revising import Revised, revise
from core.state.channels import Channels
from core.state.control import Control

log = structlog.get_logger(__name__)


class Changes:
    """Takes what the door lets in."""

    def __init__(
        self,
        channels: Channels,
        control: Control,
        conversations: Conversations,
        outbox: Outbox,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._channels = channels
        self._control = control
        self._conversations = conversations
        self._outbox = outbox
        self._clock = clock
        self._early = Early(time.monotonic)

    async def take(self, change: Change) -> None:
        """Return when it is kept; about a message that is not known it is only remembered for a
        while. Raises NotAllowed, StoreError."""
        channel, id = change.thread.channel, change.message_id
        # Before looking: the message may be kept between the look and its end.
        self._early.put(change)
        if not await self._channels.exists(channel) or not await self._channels.read(
            channel, partial(revisions.standing, message=id)
        ):
            return
        self._early.take(channel, id)
        revised = await self._revised(change)
        if revised is not None:
            changed = Changed(id=revised.id, message=revised.message)
            self._conversations.deliver(revised.thread, changed)

    def came_before(self, event: Asking) -> bool:
        """Whether what is about to be kept was changed or deleted before it came."""
        return self._early.holds(event.thread.channel, event.id)

    async def stands(self, message: Message) -> Message | None:
        """A message that has just been kept, as a change left it that came before it; None if it
        was deleted."""
        early = self._early.take(message.thread.channel, message.id)
        if early is None:
            return message
        try:
            revised = await self._revised(early)
        except (NotAllowed, StoreError) as error:
            log.warning("an early change is left out", change=early.id, error=str(error))
            return message
        return message if revised is None else revised.message

    async def _revised(self, change: Change) -> Revised | None:
        do = partial(revise, change=change, now=self._clock())
        # An answer that has to go may be the only thing that is unfinished here.
        async with self._control.giving(change.thread.channel):
            revised = await self._channels.write(change.thread.channel, do)
        if revised is not None and revised.message is None:
            self._outbox.kick(revised.thread)
        return revised
