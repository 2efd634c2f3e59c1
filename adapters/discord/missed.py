"""What was said while a session was lost: asked for again, in the places talked in of late.

A connection that is resumed gets everything by itself. When Discord has forgotten the session,
what came in between is only in the channels. The core drops what it has already.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog

from adapters.discord.fields import Payload, id_of
from adapters.discord.rest import Rest
from core.errors import DeliveryFailed, DeliveryRefused

log = structlog.get_logger(__name__)

_PLACES = 50
_NEWER = "/channels/{channel_id}/messages?after={after}&limit=100"


class Missed:
    """Remembers where the bot is talked to, and reads on from there."""

    def __init__(self, rest: Rest, take: Callable[[str, Payload], None]) -> None:
        self._rest = rest
        self._take = take
        self._last: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def heard(self, payload: Payload, thread: str = "") -> None:
        """A message for the bot came; `thread` is where it is answered, if that is elsewhere."""
        id, guild = id_of(payload), id_of(payload, "guild_id")
        for place in (id_of(payload, "channel_id"), thread):
            if place:
                self._last[place] = (id, guild)
                self._last.move_to_end(place)
        while len(self._last) > _PLACES:
            self._last.popitem(last=False)

    async def catch_up(self) -> None:
        """Take what is newer than what was heard."""
        for channel, (after, guild) in tuple(reversed(self._last.items())):
            try:
                found = await self._rest.ask_list("GET", _NEWER, channel_id=channel, after=after)
            except (DeliveryFailed, DeliveryRefused) as error:
                log.warning("what was missed cannot be read", channel=channel, error=str(error))
                continue
            listed = found if isinstance(found, list) else []
            messages = [one for one in listed if isinstance(one, Mapping)]
            for payload in sorted(messages, key=lambda one: int(id_of(one) or 0)):
                place = {"guild_id": guild} if guild else {}
                self._take("MESSAGE_CREATE", {**payload, **place})
