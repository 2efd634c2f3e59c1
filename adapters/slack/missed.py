"""What was said while the bot was down: read where it was talked to last.

Slack sends an event that nobody took for some minutes only. The core drops what it has already.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.events import PLATFORM, Json
from adapters.slack.intake import NotKept
from core.errors import BadRequest, StoreError
from core.messages import ChannelRef, ThreadRef
from core.messages.queries import ListChannels, ReadMessages
from core.messages.views import Channels, MessageLine, Messages
from core.ports import Window

log = structlog.get_logger(__name__)


# Slack answers fifty such questions a minute, and posts are looked for by the same.
_CHANNELS, _THREADS = 6, 12
_LINES, _PAGE = 200, 200
_OLDEST_S = 86_400.0
# Of two messages at the same time one may have been kept, and the other not.
_EARLIER_S = 60.0
_END = 2**62


class Missed:
    """Knows where the bot was talked to before it was started, and reads on from there."""

    def __init__(self, api: Api, window: Window, hear: Callable[[Json], Awaitable[None]]) -> None:
        self._api = api
        self._window = window
        self._hear = hear
        self._threads: list[ThreadRef] = []
        self._channels: list[ChannelRef] = []
        self._since = 0.0

    async def remember(self) -> None:
        """Find out where the bot was talked to, and until when."""
        said: dict[ThreadRef, float] = {}
        try:
            view = await self._window.look(ListChannels(platform=PLATFORM))
            found = view.lines[:_CHANNELS] if isinstance(view, Channels) else ()
            self._channels = [one.channel for one in found]
            for channel in self._channels:
                for line in await self._lines(channel):
                    said[line.thread] = max(line.at, said.get(line.thread, 0.0))
        except (BadRequest, StoreError) as error:
            log.warning("where the bot was talked to is not known", error=str(error))
        self._since = max([time.time() - _OLDEST_S, *(at - _EARLIER_S for at in said.values())])
        threads = sorted(said, key=lambda one: -said[one])
        self._threads = [one for one in threads if one.thread][:_THREADS]

    async def catch_up(self) -> None:
        """Take what came since, oldest first."""
        missed: dict[tuple[ChannelRef, str], Json] = {}
        try:
            for channel in self._channels:
                missed |= await self._read("conversations.history", channel)
            for thread in self._threads:
                missed |= await self._read(
                    "conversations.replies", thread.channel, ts=thread.thread
                )
        except (Busy, Unclear) as error:
            log.warning("what was missed cannot be read", error=str(error))
        for (channel, _), message in sorted(missed.items(), key=lambda one: one[0][1]):
            event = {**message, "channel": channel.channel}
            try:
                await self._hear({"team_id": channel.workspace, "event": event})
            except NotKept as error:
                log.warning("what was missed cannot be kept", error=str(error))

    async def _read(
        self, method: str, channel: ChannelRef, **more: str
    ) -> dict[tuple[ChannelRef, str], Json]:
        try:
            page = await self._api.call(
                method, channel=channel.channel, oldest=f"{self._since:.6f}", limit=_PAGE, **more
            )
        except Refused as error:
            log.info("what was missed here may not be read", channel=str(channel), why=error.error)
            return {}
        found = page.get("messages")
        listed = found if isinstance(found, list) else []
        return {
            (channel, str(one.get("ts"))): one
            for one in listed
            # Replies come with their root, however old that is.
            if isinstance(one, Mapping) and str(one.get("ts")) > f"{self._since:.6f}"
        }

    async def _lines(self, channel: ChannelRef) -> list[MessageLine]:
        """What people said last."""
        view = await self._window.look(ReadMessages(channel=channel, before=_END, limit=_LINES))
        lines = view.lines if isinstance(view, Messages) else ()
        return [one for one in lines if one.post is None]
