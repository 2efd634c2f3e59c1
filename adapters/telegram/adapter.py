"""Telegram as the core's adapter: the life of the connection; items and hints to those who show."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from telegram import BotCommand
from telegram.error import TelegramError

from adapters.telegram.addressing import Me
from adapters.telegram.api import Api, connect
from adapters.telegram.cards import Cards
from adapters.telegram.chores import Chores
from adapters.telegram.delivery import Delivery
from adapters.telegram.elsewhere import Elsewhere
from adapters.telegram.hints import Hints
from adapters.telegram.inbox import Inbox
from adapters.telegram.menu import MENU
from adapters.telegram.moves import Moves
from adapters.telegram.pace import Limits, Pace
from adapters.telegram.polling import Polling, problem
from adapters.telegram.presses import Presses
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.status import Status
from adapters.telegram.streams import Streams
from adapters.telegram.updates import Updates
from adapters.telegram.webhook import Webhook
from core.errors import DeliveryFailed, DeliveryRefused, said
from core.messages import (
    CardMoved,
    ChannelRef,
    Hint,
    Outbound,
    Post,
    Seen,
    StateMoved,
    StreamText,
    Trouble,
)
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)

_GRACE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How fast things go, in seconds; tests go faster."""

    limits: Limits = field(default_factory=Limits)
    poll_s: int = 25
    slack_s: float = 10.0
    first_wait_s: float = 1.0
    call_s: float = 20.0
    draft_s: float = 1.0
    press_s: float = 3.0
    album_s: float = 0.5


class TelegramAdapter:
    """Implements core.ports.Adapter and Warner. `status` says how the platform is."""

    def __init__(
        self,
        *,
        door: Door,
        guard: Guard,
        window: Window,
        places: Places,
        settings: TelegramSettings,
        tempo: Tempo | None = None,
    ) -> None:
        self._tempo = tempo = tempo or Tempo()
        self._settings = settings
        self.status = Status()
        self.status.problem = "; ".join(settings.wrong())
        self._usable = not self.status.problem
        self._lines = lines = connect(settings, tempo.call_s)
        self._bot = lines.bot
        self._chores = Chores()
        api = Api(lines, Pace(tempo.limits), self.status)
        moves = Moves(places)
        self._streams = Streams(api, moves, places, self._chores, draft_s=tempo.draft_s)
        self._cards = Cards(api, moves, places, self._chores)
        self._delivery = Delivery(api, moves, places, window, self._streams, self._cards)
        self._elsewhere = Elsewhere(api, self._chores)
        self._presses = Presses(api, tempo.press_s)
        self._hints = Hints(api, moves, self._chores)
        inbox = Inbox(
            door=door,
            guard=guard,
            window=window,
            places=places,
            api=api,
            moves=moves,
            chores=self._chores,
            presses=self._presses,
            seen=self._hints.seen,
            album_s=tempo.album_s,
        )
        self._updates = Updates(inbox, self._chores, self.status, tempo.first_wait_s)
        self.webhook = Webhook(
            self._bot, self._updates, self.status, settings, first_wait_s=tempo.first_wait_s
        )

    async def start(self) -> None:
        """Begin to connect, in the background; trouble is logged and told by the status."""
        if not self._usable:
            log.error("telegram is not started", problem=self.status.problem)
            return
        self._chores.spawn(self._lives(), "telegram", lasting=True)

    async def stop(self) -> None:
        """Receive nothing more and let go of all connections."""
        await self._chores.end(_GRACE_S)
        self.status.connected = False
        # The library's own shutdown does nothing for a bot that never came up.
        for request in self._lines.requests:
            await request.shutdown()

    async def deliver(self, item: Outbound) -> None:
        """Show a durable item; the same id again replaces, never doubles."""
        if not self._usable:
            raise DeliveryFailed(self.status.problem, retry_after_s=600.0)
        self.status.queue += 1
        try:
            if not (isinstance(item, Post) and await self._presses.told(item)):
                await self._delivery.deliver(item)
        except DeliveryRefused as error:
            if isinstance(item, Post):
                self._elsewhere.refused(item, str(error))
            raise
        finally:
            self.status.queue -= 1

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See the port."""
        await self._elsewhere.warn(person, channel, error)

    async def show(self, hint: Hint) -> None:
        """Show something that may be lost, soon; raises nothing."""
        if not self._usable:
            return
        with suppress(DeliveryRefused):  # a place that is none of Telegram's
            match hint:
                case Seen():
                    self._hints.seen(hint)
                case StreamText():
                    self._streams.text(hint)
                case CardMoved(card=card):
                    self._cards.moved(card)
                case Trouble():
                    self._chores.spawn(self._hints.trouble(hint), "telegram trouble")
                case StateMoved():
                    pass

    async def _lives(self) -> None:
        """One life after the other: only a bug ends one."""
        wait = self._tempo.first_wait_s
        while True:
            try:
                await self._live()
            except Exception as error:
                # Around the platform: without it the bot would be deaf there for good.
                log.exception("telegram broke, and begins again")
                self.status.connected = False
                self.status.problem = f"it broke, and begins again: {said(error)}"
            await asyncio.sleep(wait)
            wait = min(wait * 2, 60 * self._tempo.first_wait_s)

    async def _live(self) -> None:
        me = await self._introduced()
        self._chores.spawn(self._set_menu(), "telegram menu")
        if self._settings.mode == "webhook":
            await self.webhook.run(me)
        tempo = self._tempo
        polling = Polling(
            self._bot,
            self._updates,
            self.status,
            poll_s=tempo.poll_s,
            slack_s=tempo.slack_s,
            first_wait_s=tempo.first_wait_s,
        )
        await polling.run(me)

    async def _introduced(self) -> Me:
        wait = self._tempo.first_wait_s
        while True:
            try:
                await self._bot.initialize()
                return Me(id=self._bot.id, username=self._bot.username)
            except TelegramError as error:
                self.status.problem = problem(error)
                log.warning("telegram is not reached", problem=self.status.problem)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311
            wait = min(wait * 2, 60 * self._tempo.first_wait_s)

    async def _set_menu(self) -> None:
        try:
            await self._bot.set_my_commands([BotCommand(*item) for item in MENU.items()])
        except TelegramError as error:
            log.warning("the menu of commands was not set", error=str(error))
