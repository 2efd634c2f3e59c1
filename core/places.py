"""Where items are shown, durably: implements the port Places over the channels' files."""

import time
from collections.abc import Callable
from functools import partial

from core.messages import ChannelRef
from core.records import places
from core.state.channels import Channels

# Longer than any id of an item or a message, and than a mark that an adapter makes of both.
_MAX_ID = 1_000
_MAX_PARTS = 1_000


class ChannelPlaces:
    """The places of all channels. Asking about a channel without a file makes none."""

    def __init__(self, channels: Channels, clock: Callable[[], float] = time.time) -> None:
        self._channels = channels
        self._clock = clock

    async def of(self, channel: ChannelRef, item: str) -> tuple[str, ...]:
        """See the port. Raises StoreError."""
        if not _sound(item) or not await self._channels.exists(channel):
            return ()
        return await self._channels.look(channel, partial(places.of, item=item))

    async def keep(self, channel: ChannelRef, item: str, messages: tuple[str, ...]) -> None:
        """See the port. Raises StoreError, and ValueError for what can be no id."""
        if not all(map(_sound, (item, *messages))) or len(messages) > _MAX_PARTS:
            raise ValueError(f"an item cannot be shown there: {item[:80]!r} by {len(messages)}")
        keep = partial(places.keep, item=item, messages=messages, at=self._clock())
        await self._channels.write(channel, keep)

    async def item(self, channel: ChannelRef, message: str) -> str | None:
        """See the port. Raises StoreError."""
        if not _sound(message) or not await self._channels.exists(channel):
            return None
        return await self._channels.look(channel, partial(places.item, message=message))


def _sound(id: str) -> bool:
    # Half letters cannot be stored, and NUL ends text for much of the world.
    whole = id.encode("utf-8", "replace").decode() == id
    return 0 < len(id) <= _MAX_ID and whole and "\0" not in id
