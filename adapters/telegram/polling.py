"""Long polling: asks for updates, confirms those that are kept, comes back after any trouble."""

import asyncio
import random
import time

import structlog
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from adapters.telegram.addressing import Me
from adapters.telegram.api import asked_wait
from adapters.telegram.payload import Fields, number
from adapters.telegram.status import Status
from adapters.telegram.updates import Updates

log = structlog.get_logger(__name__)

WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
# Written so, the library neither warns of its own method nor uses the connections for sends. That
# method reads a whole batch into objects, and one update with a field missing would lose them all.
_GET_UPDATES = "get_Updates"
# How long updates may take before Telegram is asked for further ones: a tenth of what the oldest
# has taken, within bounds. Short, so that a file that is fetched delays nobody, and shorter while
# all of them are kept soon; long once one takes very long, on a full disk for instance.
_SOON_S = 0.01
_SETTLE_S = 0.03
_LONG_SETTLE_S = 0.5
# A server that waits for nothing is asked so often: people's signs need a tenth of a second.
_AT_ONCE_S = 0.05
_LONG_S = 10.0
# A connection that broke after it had worked is opened anew nearly at once, but once only.
_ANEW_S = 0.02
# Pauses after trouble grow up to this many first ones: people wait for an answer meanwhile.
_LONGEST_WAITS = 15


class Polling:
    """`run` never returns. A dead connection is noticed `poll_s` and a little after it died."""

    def __init__(
        self,
        bot: Bot,
        updates: Updates,
        status: Status,
        *,
        poll_s: int = 25,
        slack_s: float = 10.0,
        first_wait_s: float = 1.0,
    ) -> None:
        self._bot = bot
        self._updates = updates
        self._status = status
        self._poll_s = poll_s
        self._slack_s = slack_s
        self._first_wait_s = first_wait_s
        # Which update keeps the offset back, and since when.
        self._oldest: tuple[int, float] = (0, 0.0)

    async def run(self, me: Me) -> None:
        """Poll for ever."""
        wait, worked = self._first_wait_s, False
        while True:
            try:
                asked = self._updates.offset
                batch = await self._poll(asked)
            except TelegramError as error:
                if worked and type(error) is NetworkError:
                    await self._mend(error, min(_ANEW_S, wait))
                else:
                    await self._mend(error, wait)
                    wait = min(wait * 2, _LONGEST_WAITS * self._first_wait_s)
                worked = False
                continue
            worked = True
            if not self._status.connected:
                log.info("connected to Telegram", bot=me.username)
            self._status.connected, self._status.problem = True, ""
            await self._take(batch, me)
            # What was not confirmed then is given again by right, also when it is kept by now.
            if not batch or any(_order(update) >= max(asked, 1) for update in batch):
                wait = self._first_wait_s
                continue
            # Asked again at once, it would give them again at once, for ever.
            log.warning("telegram gives again what was confirmed, or has no number")
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAITS * self._first_wait_s)

    async def _poll(self, offset: int) -> list[Fields]:
        fields = {
            "offset": offset,
            # The first one is answered at once, so that what works is told so at once.
            "timeout": self._poll_s if self._status.connected and not self._updates.open else 0,
            "allowed_updates": WANTED,
        }
        began = time.monotonic()
        answer = await self._bot.do_api_request(
            _GET_UPDATES, fields, read_timeout=self._poll_s + self._slack_s
        )
        if not isinstance(answer, list):
            raise NetworkError("updates that are no list")
        batch = [one for one in answer if isinstance(one, dict)]
        if not batch and fields["timeout"] and time.monotonic() - began < _AT_ONCE_S:
            await asyncio.sleep(_AT_ONCE_S)
        return sorted(batch, key=_order)

    async def _take(self, batch: list[Fields], me: Me) -> None:
        """Take updates up, and let them be kept: unconfirmed ones Telegram gives again at once."""
        for update in batch:
            self._updates.take(update, me)
        if not self._updates.open:
            return
        now, oldest = time.monotonic(), self._updates.offset
        if oldest != self._oldest[0]:
            self._oldest = (oldest, now)
        taken = now - self._oldest[1]
        settle = min(_SETTLE_S, max(_SOON_S, taken / 10)) if taken < _LONG_S else _LONG_SETTLE_S
        await asyncio.wait(self._updates.open.values(), timeout=settle)

    async def _mend(self, error: TelegramError, wait: float) -> None:
        self._status.retries += 1
        self._status.problem = problem(error)
        # A poll that timed out once may be a slow network; its successor tells.
        self._status.connected = self._status.connected and isinstance(error, TimedOut)
        log.warning("telegram is not reached", error=str(error), problem=self._status.problem)
        if isinstance(error, Conflict) and "webhook" in str(error):
            await self._unhook()
        seconds = wait * random.uniform(0.8, 1.2)  # noqa: S311 - so that not all come at once
        if isinstance(error, RetryAfter):
            seconds = asked_wait(error)
        await asyncio.sleep(seconds)

    async def _unhook(self) -> None:
        try:
            await self._bot.delete_webhook()
        except TelegramError as error:
            log.warning("the webhook was not removed", error=str(error))


def problem(error: TelegramError) -> str:
    """What is wrong, and what to do about it."""
    match error:
        case InvalidToken():
            return "Telegram does not know the token: ask @BotFather for the bot's token"
        case Conflict() if "webhook" in str(error):
            return "a webhook is set for this bot; it is being removed"
        case Conflict():
            return "another program polls with the same token: end it, or make a bot of its own"
        case _:
            return f"Telegram is not reached: {error}"


def _order(update: Fields) -> int:
    return number(update, "update_id") or 0
