"""Brings the indexes of channels' states up to date after commits: by event, each channel once at
a time, whoever asks. Decides nothing about what is indexed."""

import asyncio
from functools import partial

import structlog

from core.errors import StoreError
from core.messages import ChannelRef
from core.search.memory import advance, waiting
from core.state.channels import Channels
from core.tasks import Spawn

# A search waits so long for what was committed before it, and then says what it has not seen.
_PATIENCE_S = 2.0

log = structlog.get_logger(__name__)


class _Run:
    """One channel's indexing while it goes on."""

    def __init__(self) -> None:
        self.again = True
        self.ended = asyncio.Event()
        self.trouble: str | None = None


class Indexing:
    """Follows the commits of all channels. What was not indexed before a stop is found by the next
    search or commit: each channel's file has the mark of how far it is."""

    def __init__(self, channels: Channels, spawn: Spawn, patience_s: float = _PATIENCE_S) -> None:
        self._channels = channels
        self._spawn = spawn
        self._patience_s = patience_s
        self._runs: dict[ChannelRef, _Run] = {}

    def moved(self, channel: ChannelRef) -> None:
        """The channel's state has changed: index it, soon."""
        self._run(channel)

    async def caught_up(self, channel: ChannelRef, upto: int | None) -> tuple[str, ...]:
        """Return when all up to a commit (None: all) is indexed, or what to know about what is
        not. Raises StoreError."""
        if not await self._channels.read(channel, partial(waiting, upto=upto, most=1)):
            return ()
        run = self._run(channel)
        try:
            async with asyncio.timeout(self._patience_s):
                await run.ended.wait()
        except TimeoutError:
            count = await self._channels.read(channel, partial(waiting, upto=upto))
            return (f"state and files: {count:,} changes are still being indexed",)
        return () if run.trouble is None else (f"state and files: {run.trouble}",)

    def _run(self, channel: ChannelRef) -> _Run:
        run = self._runs.get(channel)
        if run is None:
            run = self._runs[channel] = _Run()
            self._spawn(self._follow(channel, run), f"index {channel}")
        run.again = True
        return run

    async def _follow(self, channel: ChannelRef, run: _Run) -> None:
        try:
            while run.again:
                run.again = False
                while await self._channels.write(channel, advance):
                    pass
        except StoreError as error:
            # Tried again with the next commit or search.
            run.trouble = f"changes cannot be indexed: {error}"
            log.warning("state not indexed", channel=str(channel), error=str(error))
        finally:
            del self._runs[channel]
            run.ended.set()
