"""All source folders, each indexed once and shared by all who may see it. Knows no messages."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.errors import BadRequest
from core.messages import ChannelRef
from core.search.hits import SearchResult, Skipped, combined
from core.search.query import Query
from core.search.source import Source, SourceStatus, remove


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A folder to index: `name` is safe as a file name.

    `channels` are patterns of platform/workspace/channel, in which * stands for any text. With
    `trigrams` parts of words are indexed beside the words.
    """

    name: str
    path: Path
    channels: tuple[str, ...] = ("*",)
    trigrams: bool = False


class Sources:
    """The folders that the configuration names."""

    def __init__(self, specs: Sequence[SourceSpec], data_dir: Path) -> None:
        self._specs = tuple(specs)
        self._folder = data_dir / "sources"
        self._sources = {
            spec.name: Source(
                spec.name, spec.path, self._folder / _file(spec, spec.trigrams), spec.trigrams
            )
            for spec in specs
        }

    async def start(self) -> None:
        """Open the indexes and begin to bring them up to date; does not wait for that.

        What was indexed in the way that is no longer asked for is removed.
        """
        for spec in self._specs:
            await asyncio.to_thread(remove, self._folder / _file(spec, not spec.trigrams))
        for source in self._sources.values():
            await source.start()

    async def stop(self) -> None:
        """Close everything; what is not indexed yet is found out at the next start."""
        await asyncio.gather(*(source.stop() for source in self._sources.values()))

    def visible(self, channel: ChannelRef) -> tuple[str, ...]:
        """The names of the sources that a channel may search, in the configuration's order."""
        return tuple(spec.name for spec in self._specs if _admits(spec.channels, str(channel)))

    async def search(self, names: Sequence[str], query: Query, limit: int) -> SearchResult:
        """The best `limit` lines of the named sources, taken from each in turn.

        Raises BadRequest for a name that is not there.
        """
        for name in names:
            if name not in self._sources:
                raise BadRequest(f"there is no source {name!r}")
        found = await asyncio.gather(*(self._sources[n].search(query, limit) for n in names))
        return combined(found, limit)

    async def skipped(self, name: str, most: int) -> Skipped:
        """The files of a source whose text is not indexed, the newest `most` with the reason."""
        return await self._sources[name].skipped(most)

    async def status(self) -> tuple[SourceStatus, ...]:
        """How each source stands. Raises StoreError if an index fails."""
        return tuple([await source.status() for source in self._sources.values()])

    async def settled(self) -> None:
        """Return when every change made before the call is indexed (or its trouble is known)."""
        await asyncio.gather(*(source.settled() for source in self._sources.values()))


def _file(spec: SourceSpec, trigrams: bool) -> str:
    # No name of a source has a dot in it.
    return f"{spec.name}.trigrams.db" if trigrams else f"{spec.name}.db"


def _admits(patterns: tuple[str, ...], channel: str) -> bool:
    return any(fnmatchcase(channel, one.replace("[", "[[]")) for one in patterns)
