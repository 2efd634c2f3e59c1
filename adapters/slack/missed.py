"""What was said, edited and deleted while the bot was deaf: read where it was talked to last.

Slack sends an event that nobody took for some minutes only. The core drops what it has already.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.events import PLATFORM, Json
from adapters.slack.fields import is_ts, map_of, maps_of, text_of, ts_of
from adapters.slack.intake import NotKept
from core.errors import BadRequest, StoreError
from core.messages import ChannelRef, ThreadRef
from core.messages.queries import ListChannels, ReadMessages
from core.messages.views import Channels, MessageLine, Messages
from core.ports import Window

log = structlog.get_logger(__name__)


# Slack answers fifty such questions a minute, and posts are looked for by the same.
_CHANNELS, _THREADS, _DOUBTS = 6, 12, 20
_LINES, _PAGE, _PAGES = 200, 200, 5
_OLDEST_S = 86_400.0
# Of two messages at the same time one may have been kept, and the other not.
_EARLIER_S = 60.0
_END = 2**62
_TRIES, _PAUSE_S = 3, 5.0
_NOT_THERE = {"thread_not_found", "message_not_found"}

Known = Mapping[str, MessageLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A thread, or with thread "" a channel's main line. `known` are the messages of people that
    the core has of it, by their ids; it is read from `oldest` on."""

    at: ThreadRef
    known: Known
    oldest: float


class Missed:
    """Knows where the bot was talked to before it was deaf, and reads on from there. `second` is
    Slack's second."""

    def __init__(
        self, api: Api, window: Window, hear: Callable[[Json], Awaitable[None]],
        second: float = 1.0,
    ) -> None:  # fmt: skip
        self._api = api
        self._window = window
        self._hear = hear
        self._second = second
        self._places: list[_Place] = []
        self._since = 0.0
        self._doubts = 0

    async def remember(self, since: float | None = None) -> None:
        """Find out where the bot was talked to. It has heard nothing from `since` on (Unix
        seconds); None: since somebody last spoke to it."""
        lines: list[MessageLine] = []
        channels: tuple[ChannelRef, ...] = ()
        try:
            view = await self._window.look(ListChannels(platform=PLATFORM))
            found = view.lines[:_CHANNELS] if isinstance(view, Channels) else ()
            channels = tuple(one.channel for one in found)
            for channel in channels:
                lines += await self._lines(channel)
        except (BadRequest, StoreError) as error:
            log.warning("where the bot was talked to is not known", error=str(error))
        day = time.time() - _OLDEST_S
        heard = [since] if since is not None else [line.at for line in lines]
        self._since = max([day, *(at - _EARLIER_S for at in heard)])
        last: dict[ThreadRef, float] = {}
        for line in lines:
            last[line.thread] = max(line.at, last.get(line.thread, 0.0))
        threads = [one for one in sorted(last, key=lambda one: -last[one]) if one.thread]
        main = [ThreadRef(channel=channel, thread="") for channel in channels]
        self._places = [_place(at, lines, day, self._since) for at in (*main, *threads[:_THREADS])]

    async def catch_up(self) -> None:
        """Take what came since, oldest first; before it, what became of what was known."""
        missed: dict[tuple[str, str], Json] = {}
        for place in self._places:
            found = await self._tried(place)
            if found is None:
                continue
            for line in await self._gone(place, found):
                await self._heard(_event(place, _deletion(line)))
            for ts, message in found.items():
                if ts in place.known and _edited_at(message) > self._since:
                    await self._heard(_event(place, _edit(message)))
                elif ts not in (*place.known, place.at.thread) and float(ts) > self._since:
                    missed[ts, place.at.channel.channel] = _event(place, message)
        for _, body in sorted(missed.items()):
            await self._heard(body)

    async def _heard(self, body: Json) -> None:
        try:
            await self._hear(body)
        except NotKept as error:
            log.warning("what was missed cannot be kept", error=str(error))

    async def _tried(self, place: _Place) -> dict[str, Json] | None:
        """The place's messages by their ids; None when they may not be read."""
        for attempt in range(_TRIES):
            try:
                return await self._read(place)
            except Refused as error:
                log.info("what was missed may not be read", place=str(place.at), why=error.error)
                return None
            except (Busy, Unclear) as error:
                log.warning("what was missed cannot be read", place=str(place.at), error=str(error))
                await asyncio.sleep((attempt + 1) * _PAUSE_S * self._second)
        return None

    async def _read(self, place: _Place) -> dict[str, Json]:
        found: dict[str, Json] = {}
        method = "conversations.replies" if place.at.thread else "conversations.history"
        cursor = ""
        for _ in range(_PAGES):
            page = await self._api.call(
                method, channel=place.at.channel.channel, ts=place.at.thread or None,
                oldest=f"{place.oldest:.6f}", inclusive="true", limit=_PAGE,
                cursor=cursor or None,
            )  # fmt: skip
            found |= {text_of(one, "ts"): one for one in _messages(page)}
            cursor = text_of(map_of(page, "response_metadata"), "next_cursor")
            if not cursor:
                break
        return found

    async def _gone(self, place: _Place, found: Mapping[str, Json]) -> list[MessageLine]:
        """What the core knows of the place and Slack has no more."""
        gone = []
        for ts, line in place.known.items():
            if ts in found:
                is_gone = _is_tombstone(found[ts])
            else:
                is_gone = await self._is_gone(line)
            if is_gone:
                gone.append(line)
        return gone

    async def _is_gone(self, line: MessageLine) -> bool:
        """That a message is in no page proves nothing: Slack is asked for it alone."""
        self._doubts += 1
        if self._doubts > _DOUBTS:
            return False
        try:
            page = await self._api.call(
                "conversations.replies", channel=line.thread.channel.channel, ts=line.id, limit=1
            )
        except Refused as error:
            return error.error in _NOT_THERE
        except (Busy, Unclear):
            return False
        return any(one["ts"] == line.id and _is_tombstone(one) for one in _messages(page))

    async def _lines(self, channel: ChannelRef) -> list[MessageLine]:
        """What people said last."""
        view = await self._window.look(ReadMessages(channel=channel, before=_END, limit=_LINES))
        lines = view.lines if isinstance(view, Messages) else ()
        return [one for one in lines if one.post is None]


def _place(at: ThreadRef, lines: Iterable[MessageLine], day: float, since: float) -> _Place:
    known = {
        line.id: line
        for line in lines
        if line.thread.channel == at.channel
        and is_ts(line.id)
        and float(line.id) >= day
        and (line.thread == at if at.thread else line.thread.thread == line.id)
        # A thread's first message stands in the main line, and is looked for there.
        and (line.id != at.thread)
    }
    return _Place(at=at, known=known, oldest=min([since, *map(float, known)]))


def _messages(page: Json) -> list[Json]:
    return [one for one in maps_of(page, "messages") if ts_of(one, "ts")]


def _is_tombstone(message: Json) -> bool:
    return message.get("subtype") == "tombstone"


def _edited_at(message: Json) -> float:
    """When its author changed it last; 0.0: never."""
    return float(ts_of(map_of(message, "edited"), "ts") or 0)


def _event(place: _Place, event: Json) -> Json:
    channel = place.at.channel
    return {"team_id": channel.workspace, "event": {**event, "channel": channel.channel}}


def _edit(message: Json) -> Json:
    return {"type": "message", "subtype": "message_changed", "message": message}


def _deletion(line: MessageLine) -> Json:
    before = {"ts": line.id, "thread_ts": line.thread.thread, "user": line.author_id}
    return {
        "type": "message",
        "subtype": "message_deleted",
        "deleted_ts": line.id,
        "previous_message": before,
    }
