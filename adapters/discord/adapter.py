"""Discord as the core's adapter: its life, durable items, hints. The library begins here."""

import asyncio
import time
from collections.abc import Awaitable

import structlog

from adapters.discord.board import Board
from adapters.discord.directory import Directory
from adapters.discord.elsewhere import Elsewhere
from adapters.discord.fields import Payload, shard_of
from adapters.discord.gate import Gate
from adapters.discord.intake import Intake
from adapters.discord.link import Link, Timing
from adapters.discord.mailboxes import Mailboxes
from adapters.discord.members import Members
from adapters.discord.painter import INTERVAL_S
from adapters.discord.responding import Responding, register
from adapters.discord.rest import Rest
from adapters.discord.settings import DiscordSettings
from adapters.discord.showing import Showing
from adapters.discord.signs import Signs
from adapters.discord.status import Status
from adapters.discord.tokens import Tokens
from adapters.discord.whispers import Whispers
from adapters.discord.wire import traced
from adapters.discord.writing import Writing
from core.errors import DeliveryFailed, DeliveryRefused, StoreError
from core.messages import (
    Card,
    CardMoved,
    ChannelRef,
    Hint,
    Outbound,
    Post,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)

_TIMING = Timing()
_TROUBLE_S = 300.0


class DiscordAdapter:
    """Implements core.ports.Adapter and Warner. `status` says how the connection is doing."""

    def __init__(
        self,
        settings: DiscordSettings,
        token: str,
        *,
        door: Door,
        window: Window,
        places: Places,
        guard: Guard,
        interval_s: float = INTERVAL_S,
        timing: Timing = _TIMING,
    ) -> None:
        """`interval_s` is how long a channel's live views rest between two edits."""
        self._status = Status()
        self._gate = Gate()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rest = Rest(self._status, self._gate)
        self._directory = Directory()
        self._writing = Writing(self._rest, self._directory)
        self._tokens = Tokens()
        self._whispers = Whispers(self._rest, places)
        self._elsewhere = Elsewhere(self._rest)
        self._board = Board(self._rest, self._writing, places, self._tokens)
        self._showing = Showing(
            window, self._board, self._writing, self._whispers, self._spawn, interval_s
        )
        self._mailboxes = Mailboxes(self._spawn)
        self._signs = Signs(self._rest, self._directory, self._tokens, self._spawn)
        members = Members(self._rest, self._directory)
        self._intake = Intake(
            door=door, guard=guard, places=places, window=window,
            directory=self._directory, rest=self._rest, writing=self._writing,
            mailboxes=self._mailboxes, members=members, elsewhere=self._elsewhere,
            seen=self._signs.seen, clock=time.time,
        )  # fmt: skip
        self._responding = Responding(
            door=door, window=window, guard=guard, directory=self._directory, rest=self._rest,
            tokens=self._tokens, whispers=self._whispers, members=members, spawn=self._spawn,
        )  # fmt: skip
        trace = traced(self._gate, self._status)
        self._link = Link(settings, token, self._rest, self._status, self._event, timing, trace)
        self._told: dict[tuple[ThreadRef, str], float] = {}
        self._registered = False

    @property
    def status(self) -> Status:
        """How it is going, as of now."""
        self._status.queue = self._mailboxes.waiting + self._showing.waiting + self._gate.waiting
        return self._status

    async def start(self) -> None:
        """Connect in the background; returns at once, whatever the platform does."""
        self._spawn(self._run(), "discord")

    async def _run(self) -> None:
        # Before anything new is heard: what is there is what was heard before the bot went down.
        await self._intake.missed.remember()
        await self._link.run()

    async def stop(self) -> None:
        """End the connection and everything that is under way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._status.connected = False

    async def deliver(self, item: Outbound) -> None:
        """Show a durable item; see the port."""
        try:
            if isinstance(item, Card):
                await self._showing.card(item)
            else:
                await self._showing.post(item)
        except DeliveryRefused as error:
            if isinstance(item, Post) and (person := self._elsewhere.due(item)):
                self._spawn(self._elsewhere.tell(person, item, error), "discord word elsewhere")
            raise
        except StoreError as error:
            raise DeliveryFailed(f"what is shown where cannot be kept: {error}") from error

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See the port."""
        await self._elsewhere.warn(person, channel, error)

    async def show(self, hint: Hint) -> None:
        """Show something that may be lost; returns at once."""
        match hint:
            case Seen():
                self._signs.seen(hint)
            case StreamText():
                self._showing.moved(hint)
            case CardMoved(card=card):
                self._showing.moved(card)
            case Trouble():
                self._trouble(hint)
            case StateMoved():
                pass  # nothing on Discord shows the state

    def _trouble(self, trouble: Trouble) -> None:
        """The core says it each time that it tries again; people need it once."""
        now = time.monotonic()
        self._told = {one: at for one, at in self._told.items() if now - at < _TROUBLE_S}
        key = (trouble.thread, trouble.text)
        if key not in self._told:
            self._told[key] = now
            work = self._intake.tell(trouble.thread, trouble.text, "")
            self._spawn(work, "discord trouble")

    def _event(self, event: str, payload: Payload) -> None:
        self._directory.apply(event, payload)
        self._writing.heard(event, payload)
        if event == "INTERACTION_CREATE":
            self._responding.take(payload)
        elif event.startswith("MESSAGE_"):
            self._intake.take(event, payload)
        elif event == "READY":
            self._intake.missed.catch_up(shard_of(payload))
            if not self._registered:
                self._registered = True
                self._spawn(register(self._rest, self._link.application), "discord commands")

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        task = asyncio.ensure_future(work)
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a part of Discord ended", task=task.get_name(), exc_info=task.exception())
