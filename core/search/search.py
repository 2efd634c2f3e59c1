"""The one way to search, for people and models alike. Holds no index itself."""

from dataclasses import replace
from functools import partial

from core.errors import BadRequest
from core.messages import ChannelRef
from core.search.channel import search_messages
from core.search.hits import Found, SearchResult, combined
from core.search.query import parse
from core.search.sources import Sources
from core.search.telling import told
from core.state.channels import Channels

# The channel's own messages under the name of a source; no source may be called so.
MESSAGES = "messages"
LIMIT = 20
MOST = 100


class Search:
    """Searches a channel's messages and the sources it may see; a Finder."""

    def __init__(self, channels: Channels, sources: Sources) -> None:
        self._channels = channels
        self._sources = sources

    async def search(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
        limit: int = LIMIT,
    ) -> SearchResult:
        """The best hits in one source, in "messages", or (None) in all that the channel may see.

        Messages after `upto_message` stay unseen. Raises BadRequest (a query without words, an
        unknown or hidden source) and StoreError.
        """
        parsed = parse(query)
        limit = min(max(1, limit), MOST)
        visible = self._sources.visible(channel)
        if source is not None and source not in (*visible, MESSAGES):
            raise BadRequest(_unknown(source, visible))
        found = []
        if source in (None, MESSAGES):
            read = partial(search_messages, query=parsed, upto_seq=upto_message, limit=limit)
            found.append(await self._channels.read(channel, read))
        if source != MESSAGES:
            names = visible if source is None else (source,)
            found.append(await self._sources.search(names, parsed, limit))
        result = combined(found, limit)
        return replace(result, notes=(*parsed.notes, *result.notes))

    async def find(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
    ) -> Found:
        """The hits, also as short text. Raises BadRequest and StoreError."""
        found = await self.search(channel, query, source, upto_message=upto_message, commit=commit)
        return told(found)


def _unknown(source: str, visible: tuple[str, ...]) -> str:
    names = ", ".join((*visible, MESSAGES))
    return f"there is no source {source[:80]!r} here; choose from {names}, or leave it out for all"
