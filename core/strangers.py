"""What people hear who may not use the bot: nothing, one sentence, or a code. Lets nobody in."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog

from core.errors import StoreError
from core.messages import ChannelRef, InboundEvent, Message, Person
from core.pairing import Pairing, shown
from core.pairing_rows import Wish
from core.rights import Access, Who

log = structlog.get_logger(__name__)

_DAY_S = 86_400.0
_KNOWN = 10_000
_LONGEST_ID = 100


class Strangers:
    """Has a word for strangers who write to the bot directly; elsewhere there is silence."""

    def __init__(
        self, access: Mapping[str, Access], pairing: Pairing, clock: Callable[[], float]
    ) -> None:
        self._access = access
        self._pairing = pairing
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def word(self, event: InboundEvent) -> str:
        """What the stranger who did this is to hear now; "" is nothing. Raises nothing."""
        if not isinstance(event, Message) or not event.direct:
            return ""
        person, channel = event.author, event.thread.channel
        access = self._access.get(channel.platform)
        if access is None or not 0 < len(person.id) <= _LONGEST_ID:
            return ""
        if access.who is Who.PAIRED:
            return await self._code(person, channel, access)
        return access.strangers if self._first_today((channel.platform, person.id)) else ""

    async def _code(self, person: Person, channel: ChannelRef, access: Access) -> str:
        try:
            wish = await self._pairing.ask(person, channel)
        except StoreError as error:
            log.error("a stranger got no code", error=str(error))
            return ""
        return "" if wish is None else self._told_code(wish, access.strangers)

    def _told_code(self, wish: Wish, first: str) -> str:
        minutes = max(1, round((wish.until - self._clock()) / 60))
        words = (
            f"I do not know you yet. Your code is {shown(wish.code)}, good for {minutes} minutes:"
            " give it to whoever runs this bot."
        )
        return f"{first}\n{words}" if first else words

    def _first_today(self, who: tuple[str, str]) -> bool:
        now = self._clock()
        if now - self._told.get(who, -_DAY_S) < _DAY_S:
            return False
        self._told[who] = now
        self._told.move_to_end(who)
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        return True
