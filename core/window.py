"""Answers what a page asks to see. Reads only; implements the port Window."""

from collections.abc import Callable
from functools import partial
from typing import assert_never

from core import settings
from core.errors import BadRequest
from core.jobs.supervisor import Jobs
from core.messages import Card, ChannelRef
from core.messages import views as v
from core.model.budget import Ledger
from core.ports import Transcripts
from core.posts import card, outcome_words
from core.records import jobs, messages
from core.settings import ChannelSettings
from core.state import views as state_views
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction

_MOST = 1000


class StateWindow:
    """The core as a page sees it."""

    def __init__(
        self,
        *,
        channels: Channels,
        control: Control,
        jobs: Jobs,
        transcripts: Transcripts,
        ledger: Ledger,
        defaults: ChannelSettings,
        clock: Callable[[], float],
    ) -> None:
        self._channels = channels
        self._control = control
        self._jobs = jobs
        self._transcripts = transcripts
        self._ledger = ledger
        self._defaults = defaults
        self._clock = clock

    async def look(self, query: v.Query) -> v.View:
        """Answer; see the port."""
        if isinstance(query, v.ListChannels):
            return await self._list_channels(query.platform)
        if not await self._channels.exists(query.channel):
            return _of_an_empty_channel(query, self._defaults)
        if isinstance(query, v.ReadJob):
            return await self._read_job(query)
        if isinstance(query, v.ReadSpend):
            spend = await self._ledger.spend(query.channel, None, self._clock())
            return v.Spend(lines=spend)
        return await self._channels.read(query.channel, partial(self._read, query))
