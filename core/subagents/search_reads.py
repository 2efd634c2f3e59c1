"""A job's searches, to be compared: their hits as they are kept, and the same searches again."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from core.errors import BadRequest, StoreError
from core.messages import ChannelRef
from core.ports import Finder
from core.search.hits import FileHit, Hit, MessageHit, StateHit, WorkspaceHit
from core.state.reads import Read, SearchRead, Seen

MOST_AGAIN = 100
"""Searches of one job that are made again at its end."""


def seen(hits: Iterable[Hit]) -> tuple[Seen, ...]:
    """What was shown of each hit. The number of its line is left out: lines above it may come and
    go."""
    return tuple(_seen(hit) for hit in hits)


async def again(finder: Finder, channel: ChannelRef, reads: Sequence[Read]) -> tuple[Read, ...]:
    """The same reads; searches with what they find now."""
    searches = [read for read in reads if isinstance(read, SearchRead)]
    others = [read for read in reads if not isinstance(read, SearchRead)]
    made = [await _again(finder, channel, read) for read in searches[:MOST_AGAIN]]
    return (*others, *made, *searches[MOST_AGAIN:])


async def _again(finder: Finder, channel: ChannelRef, read: SearchRead) -> SearchRead:
    try:
        found = await finder.find(channel, read.query, read.source)
    except (BadRequest, StoreError):
        # The source is gone or its index does not work; a finished job must not wait for it.
        return read
    return replace(read, now=seen(found.hits))


def _seen(hit: Hit) -> Seen:
    shown = hashlib.blake2b(hit.snippet.encode(), digest_size=8).hexdigest()
    match hit:
        case MessageHit():
            return Seen("message", str(hit.seq), shown)
        case StateHit():
            return Seen("state", hit.key, shown)
        case WorkspaceHit():
            return Seen("workspace", hit.path, shown)
        case FileHit():
            return Seen("source", f"{hit.source}/{hit.path}", shown)
        case _ as unreachable:
            assert_never(unreachable)
