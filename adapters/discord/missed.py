"""What was said, edited and deleted while nobody listened: read where the bot was talked to last.

A connection that is resumed gets everything by itself. When Discord has forgotten the session, or
the bot was down, what came in between is only in the channels. The core drops what it has already.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from adapters.discord.directory import PLATFORM
from adapters.discord.fields import Payload, id_of, is_on, moment, snowflake, text
from adapters.discord.mailboxes import Mailboxes
from adapters.discord.rest import Rest
from core.errors import BadRequest, DeliveryFailed, DeliveryRefused, StoreError
from core.messages import ChannelRef
from core.messages.queries import ListChannels, ReadMessages
from core.messages.views import Channels, MessageLine, Messages
from core.ports import Window

log = structlog.get_logger(__name__)

_CHANNELS, _PLACES = 20, 50
_LINES = 200
_PAGE, _PAGES = 100, 3
_DOUBTS = 20
_OLDEST_S = 86_400.0
# Of two messages at the same time one may have been kept, and the other not.
_EARLIER_S = 60.0
_END = 2**62
_OLDER = "/channels/{channel_id}/messages?before={before}&limit=100"

Hear = Callable[[Payload], Awaitable[None]]


class Missed:
    """Remembers where the bot is talked to, and reads on from there."""

    def __init__(
        self, rest: Rest, window: Window, mailboxes: Mailboxes, hear: Hear, edited: Hear,
        deleted: Hear,
    ) -> None:  # fmt: skip
        self._rest = rest
        self._window = window
        self._mailboxes = mailboxes
        self._hear = hear
        self._edited = edited
        self._deleted = deleted
        # What people said before the start, by its place: its ids, each with where else it may be.
        self._known: dict[str, dict[int, str]] = {}
        self._doubts = 0
        self._last: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def remember(self) -> None:
        """Find out where the bot was talked to before it was started, and until when."""
        newest, found = 0, []
        for channel in await self._channels():
            for line in await self._lines(channel):
                newest = max(newest, int(line.id))
                found.append((int(line.id), line.thread.thread, channel))
                self._know(line)
        for id, thread, channel in sorted(found, key=lambda one: one[0]):
            heard = max(id, newest - snowflake(_EARLIER_S))
            guild = "" if channel.workspace == "dm" else channel.workspace
            self._note((channel.channel, thread), str(heard), guild)

    def heard(self, payload: Payload, thread: str = "") -> None:
        """A message for the bot came; `thread` is where it is answered, if that is elsewhere."""
        places = (id_of(payload, "channel_id"), thread)
        self._note(places, id_of(payload), id_of(payload, "guild_id"))

    def catch_up(self, shard: tuple[int, int]) -> None:
        """Take what is newer than what was heard, in each place of a connection before what comes
        there from now on; returns at once."""
        for place, (after, guild) in tuple(reversed(self._last.items())):
            if not is_on(shard, guild):
                continue
            self._mailboxes.put(place, partial(self._read_on, place, int(after), guild))

    def _note(self, places: tuple[str, ...], id: str, guild: str) -> None:
        for place in filter(str.isdigit, places):
            self._last[place] = (id, guild)
            self._last.move_to_end(place)
        while len(self._last) > _PLACES:
            self._last.popitem(last=False)

    async def _read_on(self, place: str, after: int, guild: str) -> None:
        after = max(after, snowflake(time.time() - _OLDEST_S, since_epoch=True))
        missed: list[Payload] = []
        changed: list[Payload] = []
        seen: set[int] = set()
        readable = True
        try:
            before = _END
            for _ in range(_PAGES):
                page, whole = await self._page(place, before)
                readable = readable and whole
                seen.update(int(id_of(one)) for one in page)
                missed += [one for one in page if int(id_of(one)) > after]
                changed += [one for one in page if int(id_of(one)) <= after < _edited_at(one)]
                before = min((int(id_of(one)) for one in page), default=0)
                if (whole and len(page) < _PAGE) or before <= after:
                    break
        except (DeliveryFailed, DeliveryRefused) as error:
            log.warning("what was missed cannot be read", channel=place, error=str(error))
        home = {"guild_id": guild} if guild else {}
        for id in await self._gone(place, seen if readable else set()):
            await self._deleted({"id": str(id), "channel_id": place, **home})
        for payload in sorted(changed, key=_edited_at):
            await self._edited({**payload, **home})
        for payload in sorted(missed, key=lambda one: int(id_of(one))):
            await self._hear({**payload, **home})

    def _know(self, line: MessageLine) -> None:
        channel, thread = line.thread.channel.channel, line.thread.thread
        place, other = (thread, channel) if thread else (channel, "")
        if thread == line.id:
            # A thread's first message stands in the channel.
            place, other = channel, thread
        self._known.setdefault(place, {})[int(line.id)] = other

    async def _gone(self, place: str, seen: set[int]) -> list[int]:
        """What was known of the place and is missing among what was read without a gap. Where
        history may not be read, Discord shows an empty one: that proves nothing."""
        known = self._known.pop(place, {})
        missing = [id for id in sorted(known) if seen and id > min(seen) and id not in seen]
        return [id for id in missing if not await self._is_at(known[id], id)]

    async def _is_at(self, place: str, id: int) -> bool:
        """Whether it may be there: what answers in a thread may stand in the channel."""
        if not place:
            return False
        self._doubts += 1
        if self._doubts > _DOUBTS:
            return True
        try:
            page, whole = await self._page(place, id + 1)
        except (DeliveryFailed, DeliveryRefused) as error:
            log.info("whether it was deleted is not known", channel=place, error=str(error))
            return True
        return not whole or any(int(id_of(one)) == id for one in page)

    async def _page(self, place: str, before: int) -> tuple[list[Payload], bool]:
        """The messages before an id, newest first, and whether they are all that Discord told:
        one that cannot be read may be any."""
        found = await self._rest.ask_list("GET", _OLDER, channel_id=place, before=str(before))
        listed = found if isinstance(found, list) else [None]
        page = [one for one in listed if isinstance(one, Mapping) and id_of(one)]
        return page, len(page) == len(listed)

    async def _channels(self) -> tuple[ChannelRef, ...]:
        try:
            view = await self._window.look(ListChannels(platform=PLATFORM))
        except (BadRequest, StoreError) as error:
            log.warning("where the bot was talked to is not known", error=str(error))
            return ()
        lines = view.lines[:_CHANNELS] if isinstance(view, Channels) else ()
        return tuple(line.channel for line in lines)

    async def _lines(self, channel: ChannelRef) -> list[MessageLine]:
        """What people said last."""
        try:
            view = await self._window.look(ReadMessages(channel=channel, before=_END, limit=_LINES))
        except (BadRequest, StoreError) as error:
            log.warning("what was said last is not known", error=str(error))
            return []
        lines = view.lines if isinstance(view, Messages) else ()
        return [one for one in lines if one.post is None and one.id.isdigit() and len(one.id) < 20]


def _edited_at(message: Payload) -> int:
    """When its author changed it last, as an id of that moment; 0: never."""
    at = moment(text(message, "edited_timestamp"))
    return 0 if at is None else snowflake(at, since_epoch=True)
