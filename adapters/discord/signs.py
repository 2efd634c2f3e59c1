"""The sign that a message was seen: a pair of eyes; where the bot may not react, typing. It may be
lost, and waits for nobody's turn."""

import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from adapters.discord.directory import Directory
from adapters.discord.gate import Priority
from adapters.discord.rest import LACKS_ACCESS, LACKS_RIGHT, UNKNOWN_MESSAGE, Refusal, Rest
from adapters.discord.tokens import Tokens
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Seen

log = structlog.get_logger(__name__)

_SEEN = "👀"
_MOST = 200  # signs under way; later ones than that are none
_SIGNED = 2_000  # messages whose sign is not given again
_SHUT_S = 600.0
_TYPING_S = 8.0  # Discord shows it for ten
_REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"


class Signs:
    """Shows each message's sign once, whoever says first that it was seen."""

    def __init__(
        self, rest: Rest, directory: Directory, tokens: Tokens,
        spawn: Callable[[Awaitable[None], str], object],
    ) -> None:  # fmt: skip
        self._rest = rest
        self._directory = directory
        self._tokens = tokens
        self._spawn = spawn
        self._signed: OrderedDict[str, None] = OrderedDict()
        self._under_way = 0
        self._reacting: Counter[str] = Counter()
        self._typed: dict[str, float] = {}
        # Where the bot may not react, until when it is not tried again.
        self._shut: dict[str, float] = {}

    def seen(self, hint: Seen) -> None:
        """Give the sign, unless it was given; returns at once. A command shows by itself that it
        was seen."""
        message = hint.message_id
        if not message.isdigit() or message in self._signed or self._tokens.holds(message):
            return
        if self._under_way >= _MOST:
            return
        self._signed[message] = None
        while len(self._signed) > _SIGNED:
            self._signed.popitem(last=False)
        self._spawn(self._sign(hint), "discord seen")

    async def _sign(self, seen: Seen) -> None:
        message = seen.message_id
        channel = self._directory.stands_in(seen.thread, message)
        self._under_way += 1
        self._reacting[channel] += 1
        try:
            if self._reacting[channel] > 1 or time.monotonic() < self._shut.get(channel, 0.0):
                await self._typing(channel)
            if time.monotonic() >= self._shut.get(channel, 0.0):
                await self._react(channel, message)
        except (DeliveryFailed, DeliveryRefused) as error:
            log.info("an acknowledgement was not shown", error=str(error))
            if isinstance(error, DeliveryFailed):
                self._signed.pop(message, None)  # the core says again that it was seen
        finally:
            self._under_way -= 1
            self._reacting[channel] -= 1
            if not self._reacting[channel]:
                del self._reacting[channel]

    async def _react(self, channel: str, message: str) -> None:
        try:
            await self._rest.ask(
                "PUT", _REACTION, priority=Priority.SEEN, channel_id=channel, message_id=message,
                emoji=_SEEN,
            )  # fmt: skip
        except Refusal as refusal:
            if refusal.code == UNKNOWN_MESSAGE:
                raise  # its author took it back: nobody waits
            if refusal.code in (LACKS_RIGHT, LACKS_ACCESS):
                now = time.monotonic()
                self._shut = {one: until for one, until in self._shut.items() if now < until}
                self._shut[channel] = now + _SHUT_S
            await self._typing(channel)

    async def _typing(self, channel: str) -> None:
        """Reactions are slow where many come at once; this shows all of them at once."""
        now = time.monotonic()
        if now - self._typed.get(channel, -_TYPING_S) < _TYPING_S:
            return
        self._typed = {one: at for one, at in self._typed.items() if now - at < _TYPING_S}
        self._typed[channel] = now
        await self._rest.ask(
            "POST", "/channels/{channel_id}/typing", priority=Priority.SEEN, channel_id=channel
        )
