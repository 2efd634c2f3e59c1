"""Cards of jobs: posted once, then repainted at a rate that Slack allows, each in its turn."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from adapters.slack import render
from adapters.slack.api import Api
from adapters.slack.posting import Posting, Undressed
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Card, ChannelRef

log = structlog.get_logger(__name__)

_KNOWN = 5_000
_PATIENCE_S = 10.0
_CALM_S = 2.0
# The share of updates that is left to durable changes and answers.
_RESERVE = 0.3

Key = tuple[ChannelRef, str]


@dataclass(slots=True)
class _Shown:
    """What is known of one card's message. `final` ends when its durable change is painted."""

    ts: str | None = None
    version: int = -1
    painted: float = 0.0
    wanted: Card | None = None
    final: asyncio.Future[None] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def settle(self) -> None:
        """Nothing is to be painted any more, or what is newer."""
        if self.final is not None and not self.final.done():
            self.final.set_result(None)
        self.wanted = self.final = None


class Cards:
    """All cards. `run` paints what has moved; `second` is Slack's second."""

    def __init__(self, api: Api, posting: Posting, second: float = 1.0) -> None:
        self._api = api
        self._posting = posting
        self._second = second
        self._cards: OrderedDict[Key, _Shown] = OrderedDict()
        self._moved = asyncio.Event()

    async def deliver(self, card: Card) -> Awaitable[None] | None:
        """Show a durable state. When Slack's limit is used up, the painter shows it in its turn,
        which ends what is returned: the result that comes behind must not wait for the card."""
        shown = self._shown(card)
        shown.ts = shown.ts or await self._posting.shown(card.thread, card.id)
        if shown.ts is None:
            part = render.card(card, time.time())
            await self._posting.put(card.thread, card.id, card.created_at, [part])
            shown.ts = await self._posting.shown(card.thread, card.id)
            shown.version, shown.painted = card.version, time.monotonic()
            return None
        if card.version < shown.version:
            return None
        shown.settle()
        shown.wanted, shown.final = card, asyncio.get_running_loop().create_future()
        painted = shown.final
        if self._api.limits.free("chat.update"):
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._paint(shown)
        if shown.wanted is not None:
            self._moved.set()
        return None if painted.done() else painted

    def move(self, card: Card) -> None:
        """Progress: it replaces what was to be painted before."""
        shown = self._shown(card)
        newest = shown.wanted.version if shown.wanted else shown.version
        if card.version > newest:
            shown.wanted = card
            self._moved.set()

    async def run(self) -> None:
        """Paint what has moved, the longest unpainted first. Never returns."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            while waiting := [one for one in self._cards.values() if one.wanted is not None]:
                chosen = min(waiting, key=lambda one: (one.final is None, one.painted))
                await self._in_turn(chosen)

    async def _in_turn(self, chosen: _Shown) -> None:
        reserve = _RESERVE if chosen.final is None else 0.0
        calm = chosen.painted + _CALM_S * self._second - time.monotonic()
        if chosen.final is None and calm > 0:
            # Progress of one card is shown every other second at most; a newer one may come.
            await asyncio.sleep(min(calm, _CALM_S * self._second))
            return
        if not self._api.limits.free("chat.update", keep=reserve):
            await asyncio.sleep(self._second / 2)
            return
        try:
            await self._paint(chosen)
        except (DeliveryFailed, DeliveryRefused, Undressed) as error:
            log.info("a card waits", error=str(error))
            chosen.painted = time.monotonic()
            if chosen.final is None or not isinstance(error, DeliveryFailed):
                chosen.settle()
            await asyncio.sleep(self._second)

    async def _paint(self, shown: _Shown) -> None:
        async with shown.turn:
            card = shown.wanted
            if card is None:
                return
            shown.ts = shown.ts or await self._posting.shown(card.thread, card.id)
            if shown.ts is None:
                shown.settle()  # not posted yet: the post shows how it is by then
                return
            part = render.card(card, time.time())
            await self._posting.update(card.thread, shown.ts, part)
            shown.version, shown.painted = card.version, time.monotonic()
            if shown.wanted is card:
                shown.settle()

    def _shown(self, card: Card) -> _Shown:
        key = (card.thread.channel, card.id)
        shown = self._cards.setdefault(key, _Shown())
        self._cards.move_to_end(key)
        if len(self._cards) > _KNOWN:
            old = next(iter(self._cards))
            if self._cards[old].wanted is None:
                del self._cards[old]
        return shown
