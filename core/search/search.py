"""The one way to search, for people and models alike. Holds no index itself."""

from dataclasses import dataclass, replace

from core.errors import BadRequest
from core.messages import ChannelRef
from core.search.channel import search_messages
from core.search.hits import Found, SearchResult, Skipped, combined
from core.search.indexing import Indexing
from core.search.query import Query, parse
from core.search.sources import Sources
from core.search.state import search_state, search_workspace, unsearched
from core.search.telling import plain, told
from core.state.channels import Channels
from core.state.database import Transaction

# Names of what is always there; no source may be called so.
MESSAGES, STATE, FILES = "messages", "state", "files"
OWN = (MESSAGES, STATE, FILES)
LIMIT = 20
MOST = 100
# Reasons told of files that are not searched.
_REASONS = 3


class Search:
    """Searches a channel's messages, state and files, and the sources it may see; a Finder."""

    def __init__(self, channels: Channels, sources: Sources, indexing: Indexing) -> None:
        self._channels = channels
        self._sources = sources
        self._indexing = indexing

    async def search(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
        limit: int = LIMIT,
    ) -> SearchResult:
        """The best hits in one source, in "messages", "state" or "files", or (None) in all that
        the channel may see.

        Messages after `upto_message` and what was committed after `commit` stay unseen. Raises
        BadRequest (a query without words, an unknown or hidden source) and StoreError.
        """
        parsed = parse(query)
        limit = min(max(1, limit), MOST)
        visible = self._sources.visible(channel)
        if source is not None and source not in (*visible, *OWN):
            raise BadRequest(_unknown(source, visible))
        notes: tuple[str, ...] = parsed.notes
        found = []
        own = OWN if source is None else (source,) if source in OWN else ()
        if own:
            if own != (MESSAGES,):
                notes += await self._indexing.caught_up(channel, commit)
            look = _Look(
                query=parsed, upto=upto_message, at=commit, limit=limit, places=own,
                reasons=_REASONS if source == FILES else 0,
            )  # fmt: skip
            found += await self._channels.read(channel, look)
        if source not in OWN:
            names = visible if source is None else (source,)
            found.append(await self._sources.search(names, parsed, limit))
        result = combined(found, limit)
        if source in visible and not result.hits:
            notes += _skipped(source, await self._sources.skipped(source, _REASONS))
        return replace(result, notes=(*notes, *result.notes))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A search in a channel's own file: in one view, so that what it finds fits together."""

    query: Query
    upto: int | None
    at: int | None
    limit: int
    places: tuple[str, ...]
    reasons: int

    def __call__(self, tx: Transaction) -> list[SearchResult]:
        found = []
        if MESSAGES in self.places:
            found.append(search_messages(tx, self.query, self.upto, self.limit))
        if STATE in self.places:
            found.append(search_state(tx, self.query, self.at, self.limit))
        if FILES in self.places:
            result = search_workspace(tx, self.query, self.at, self.limit)
            left_out = unsearched(tx, self.at, self.reasons)
            notes = _skipped(FILES, left_out) if self.reasons else ()
            found.append(replace(result, notes=(*result.notes, *notes)))
        return found


def _skipped(source: str, files: Skipped) -> tuple[str, ...]:
    reasons = [f"{plain(path)[:200]} {reason}" for path, reason in files.newest]
    more = [f"{files.count - len(reasons):,} more"] if files.count > len(reasons) else []
    return (f"{source}: not searched: {'; '.join([*reasons, *more])}",) if reasons else ()


def _unknown(source: str, visible: tuple[str, ...]) -> str:
    names = ", ".join((*visible, *OWN))
    return f"there is no source {source[:80]!r} here; choose from {names}, or leave it out for all"
