"""Cards of jobs: sent once, edited in place, many of them fairly. Durable only through Places."""

import asyncio
import time
from collections import OrderedDict

import structlog

from adapters.telegram.address import Spot, chat_of, spot, topic_of
from adapters.telegram.api import Api, GroupMoved, MessageGone
from adapters.telegram.card import card_text, keyboard
from adapters.telegram.chores import Chores
from adapters.telegram.moves import Moves
from core.errors import DeliveryFailed
from core.messages import Card
from core.ports import Places

log = structlog.get_logger(__name__)

_REMEMBERED = 5_000
_RETRY_S = 1.0


class Cards:
    """Shows cards. `deliver` is durable; `moved` may be lost, and newer replaces older."""

    def __init__(self, api: Api, moves: Moves, places: Places, chores: Chores) -> None:
        self._api = api
        self._moves = moves
        self._places = places
        self._chores = chores
        self._waiting: dict[int, OrderedDict[str, Card]] = {}
        self._shown: OrderedDict[str, int] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def deliver(self, card: Card) -> None:
        """Show a durable version. Raises DeliveryFailed, DeliveryRefused, GroupMoved."""
        chat = await self._moves.now(chat_of(card.thread.channel))
        await self._api.turn(chat)
        await self._paint(chat, card, make=True)

    def moved(self, card: Card) -> None:
        """Show a fresher version when there is a turn for it; returns at once."""
        home = chat_of(card.thread.channel)
        waiting = self._waiting.get(home)
        if waiting is None:
            waiting = self._waiting[home] = OrderedDict()
            self._chores.spawn(self._paint_all(home, waiting), f"telegram cards of {home}")
        # A newer version keeps the place of the older: each card gets its turn.
        if card.id not in waiting or waiting[card.id].version < card.version:
            waiting[card.id] = card

    async def _paint_all(self, home: int, waiting: OrderedDict[str, Card]) -> None:
        try:
            chat = await self._moves.now(home)
            while waiting:
                await self._api.spare_turn(chat)
                _, card = waiting.popitem(last=False)
                try:
                    await self._paint(chat, card, make=False)
                except DeliveryFailed as error:
                    waiting.setdefault(card.id, card)
                    await asyncio.sleep(error.retry_after_s or _RETRY_S)
        except GroupMoved:
            pass  # the next durable version finds the new group
        finally:
            self._waiting.pop(home, None)

    async def _paint(self, chat: int, card: Card, *, make: bool) -> None:
        """Edit the card's message, or make it. An older version never follows a newer."""
        key = f"{card.thread.channel} {card.id}"
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._shown.get(key, -1)
            if known > card.version or (known == card.version and not make):
                return
            kept = await self._places.of(card.thread.channel, card.id)
            at = spot(kept[0]) if kept else None
            if at is not None and at.chat == chat:
                try:
                    await self._edit(at, card)
                except MessageGone:
                    at = None
            elif at is not None:
                at = None  # it stayed behind in the group as it was
            if at is None and not make:
                return  # not remembered: what makes it may be an older version
            if at is None:
                await self._send(chat, card)
            self._remember(key, card.version)

    async def _edit(self, at: Spot, card: Card) -> None:
        text, rows = card_text(card, time.time()), keyboard(card.buttons)
        await self._api.edit(at.chat, at.message, text, rows)

    async def _send(self, chat: int, card: Card) -> None:
        text, rows = card_text(card, time.time()), keyboard(card.buttons)
        message = await self._api.send(chat, text, topic=topic_of(card.thread), rows=rows)
        at = Spot(chat=chat, message=message)
        await self._places.keep(card.thread.channel, card.id, (str(at),))

    def _remember(self, key: str, version: int) -> None:
        self._shown[key] = max(version, self._shown.get(key, -1))
        self._shown.move_to_end(key)
        while len(self._shown) > _REMEMBERED:
            old, _ = self._shown.popitem(last=False)
            self._locks.pop(old, None)
