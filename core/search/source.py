"""One source folder and its index, kept alike: compares at start, then follows changes.

Knows no channels and no other source.
"""

import asyncio
import sqlite3
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from core.errors import StoreError
from core.search import index
from core.search.files import search_files
from core.search.folder import Entry, Stamp, shown
from core.search.hits import SearchResult, Skipped
from core.search.pieces import End, Piece, batches, found, grown
from core.search.query import Query
from core.search.watch import Watch
from core.state.database import Database

# More chunks than these are removed in several transactions.
_REMOVED_AT_ONCE = 2000
# Above this, comparing everything is cheaper than looking at each path.
_MANY = 1000
# A file that changes all the time takes at most a fifth of one core, and is this far behind.
_REST, _LONGEST_REST_S = 4, 2.0
_REASONS = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source stands: what is indexed, what is skipped and why (the newest 100).

    `waiting` files are being indexed; `trouble` says in words what does not work, if anything.
    """

    name: str
    path: Path
    files: int
    size: int
    skipped: int
    reasons: tuple[tuple[str, str], ...]
    waiting: int
    trouble: str | None


class Source:
    """A folder that is searched by everyone through one index file."""

    def __init__(self, name: str, root: Path, database: Path, trigrams: bool = False) -> None:
        self.name = name
        self.waiting = 0
        self._root = root
        self._path = database
        self._trigrams = trigrams
        self._database: Database | None = None
        self._task: asyncio.Task[None] | None = None
        self._watch = Watch(root, self._changed)
        self._dirty = {""}
        self._ends: dict[str, End] = {}
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """What does not work, in words for people."""
        return self._trouble or self._watch.trouble

    async def start(self) -> None:
        """Open the index and begin to bring it up to date; returns at once.

        An index that cannot be used is told with every search; all else goes on.
        """
        try:
            self._database = await _opened(self._path, self._trigrams)
        except StoreError as error:
            self._trouble = f"cannot be searched: {error}"
            log.warning("source not opened", source=self.name, error=str(error))
            self._settled.set()
            return
        self._watch.open()
        self._work.set()
        self._task = asyncio.create_task(
            self._follow(self._database), name=f"index source {self.name}"
        )
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Stop following changes and close the index; what is left is done at the next start."""
        self._watch.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._database is not None:
            await self._database.close()

    async def settled(self) -> None:
        """Return when every change made before the call is indexed (or its trouble is known)."""
        self._watch.drain()
        await self._settled.wait()

    async def search(self, query: Query, limit: int) -> SearchResult:
        """The best `limit` lines; an index that fails gives none, and a note."""
        found = SearchResult(hits=())
        notes = []
        if self._database is not None:
            find = partial(search_files, source=self.name, query=query, limit=limit)
            try:
                found = await self._database.read(find)
            except StoreError as error:
                notes.append(f"{self.name}: {self._failed(error)}")
        if self.waiting:
            notes.append(f"{self.name}: {self.waiting} files are still being indexed")
        if self.trouble:
            notes.append(f"{self.name}: {self.trouble}")
        return replace(found, notes=(*found.notes, *notes))

    async def skipped(self, most: int) -> Skipped:
        """The files whose text is not indexed, the newest `most` with the reason."""
        if self._database is None:
            return Skipped()
        try:
            found = await self._database.read(partial(index.contents, most=most))
        except StoreError:
            return Skipped()  # the search itself has told it
        return Skipped(count=found.skipped, newest=found.reasons)

    async def status(self) -> SourceStatus:
        """How it stands now. Raises StoreError if the index fails."""
        found = index.NOTHING
        if self._database is not None:
            found = await self._database.read(partial(index.contents, most=_REASONS))
        return SourceStatus(
            name=self.name,
            path=self._root,
            files=found.files,
            size=found.size,
            skipped=found.skipped,
            reasons=found.reasons,
            waiting=self.waiting,
            trouble=self.trouble,
        )

    def _changed(self, path: str) -> None:
        self._dirty.add(path)
        self._settled.clear()
        self._work.set()

    async def _follow(self, store: Database) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            dirty, self._dirty = self._dirty, set()
            began = time.monotonic()
            try:
                for start in _tops(dirty):
                    await self._compare(store, start)
                self._trouble = None
            except (OSError, StoreError) as error:
                # Tried again with the next change, or at the next start.
                self._dirty |= dirty
                self._trouble = self._failed(error)
            self.waiting = 0
            if not self._work.is_set():
                self._settled.set()
            await asyncio.sleep(min(_REST * (time.monotonic() - began), _LONGEST_REST_S))

    def _failed(self, error: OSError | StoreError) -> str:
        if isinstance(error, OSError):
            return f"{self._root}: {error.strerror}, so this is what was there before"
        advice = f"; stop the bot and delete {self._path}, it is made anew"
        return f"its index fails: {error}{advice if _damaged(error) else ''}"

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._trouble = f"changes are no longer noticed, by a bug: {error!r}"
            log.error("following a source ended", source=self.name, exc_info=error)
        self._settled.set()

    async def _compare(self, store: Database, start: str) -> None:
        """Index what differs at and below `start`, the oldest change first."""
        known = await store.read(partial(index.known, start=shown(start)))
        there = await asyncio.to_thread(found, self._root, start, self._watch.enter)
        gone = list(known.keys() - there.keys())
        for path in gone:
            self._ends.pop(path, None)
        while gone:
            step = partial(index.forget, paths=gone[:_REMOVED_AT_ONCE], most=_REMOVED_AT_ONCE)
            del gone[: await store.write(step)]
        # A path that was named may have changed within the precision of its stamp.
        changed = [
            entry
            for path, entry in there.items()
            if path == start or entry.stamp is None or known.get(path) != entry.stamp
        ]
        changed.sort(key=lambda entry: entry.at)
        await self._index(store, changed, known)

    async def _index(
        self, store: Database, changed: list[Entry], known: dict[str, Stamp | None]
    ) -> None:
        self.waiting = len(changed)
        ends = await self._taken_ends(changed)
        old = {
            entry.path: await store.read(
                partial(index.digests, path=entry.path, after=_before(ends, entry.path))
            )
            for entry in changed
            if entry.path in known
        }
        reading = batches(self._root, changed, old, ends)
        while batch := await asyncio.to_thread(next, reading, ()):
            for piece in batch:
                path = piece.entry.path
                await _shrink(store, piece, _before(ends, path) + len(old.get(path, ())))
            await store.write(partial(index.put, batch=batch))
            self._ends |= {piece.entry.path: piece.end for piece in batch if piece.end}
            self.waiting -= sum(piece.whole for piece in batch)

    async def _taken_ends(self, changed: list[Entry]) -> dict[str, End]:
        """Where those of the large files ended that have only grown since. All are taken out: they
        hold again when the files are indexed again."""
        ends = {}
        for entry in changed:
            end = self._ends.pop(entry.path, None)
            if end is not None and await asyncio.to_thread(grown, self._root, entry, end):
                ends[entry.path] = end
        return ends


def _before(ends: dict[str, End], path: str) -> int:
    return ends[path].chunks if path in ends else 0


async def _shrink(store: Database, piece: Piece, old: int) -> None:
    """Remove many old chunks in steps; a few go with the transaction that replaces them."""
    if piece.keep is None or old - piece.keep <= _REMOVED_AT_ONCE:
        return
    step = partial(index.shrink, path=piece.entry.path, keep=piece.keep, most=_REMOVED_AT_ONCE)
    while await store.write(step):
        pass


def _tops(dirty: set[str]) -> list[str]:
    """The paths without those below another one; "" if it is among them, or if they are many."""
    if "" in dirty or len(dirty) > _MANY:
        return [""]
    tops: list[str] = []
    for path in sorted(dirty, key=lambda one: one.split("/")):
        if not tops or not path.startswith(f"{tops[-1]}/"):
            tops.append(path)
    return tops


async def _opened(path: Path, trigrams: bool) -> Database:
    """The index's file; a damaged one is made anew, since the folder has all that was in it."""
    try:
        return await Database.open(path, index.APPLICATION_ID, index.migrations(trigrams))
    except StoreError as error:
        if not _damaged(error):
            raise
    remove(path)
    return await Database.open(path, index.APPLICATION_ID, index.migrations(trigrams))


def remove(index: Path) -> None:
    """Remove an index's file, if it is there; it can be made anew from its folder."""
    for leftover in ("", "-wal", "-shm"):
        index.with_name(index.name + leftover).unlink(missing_ok=True)


def _damaged(error: StoreError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
