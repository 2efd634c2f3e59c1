"""Groups that became supergroups: the number changes, the state stays. Durable through Places."""

import structlog

from adapters.telegram.address import channel_ref
from adapters.telegram.keys import MOVED_FROM, MOVED_TO
from core.ports import Places

log = structlog.get_logger(__name__)


class Moves:
    """Which chat holds the state of which, and where that one lives now."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._homes: dict[int, int] = {}
        self._now: dict[int, int] = {}

    async def home(self, chat: int) -> int:
        """The chat whose channel holds the state of this one: itself, or what it was before."""
        if chat > 0:
            return chat
        if chat not in self._homes:
            kept = await self._places.of(channel_ref(chat), MOVED_FROM)
            self._homes[chat] = int(kept[0]) if kept else chat
        return self._homes[chat]

    def known(self, chat: int) -> int | None:
        """The same as `home`, where that needs no look into the store; else None."""
        return chat if chat > 0 else self._homes.get(chat)

    async def now(self, home: int) -> int:
        """Where messages to this channel are to be sent."""
        if home > 0:
            return home
        if home not in self._now:
            kept = await self._places.of(channel_ref(home), MOVED_TO)
            self._now[home] = int(kept[0]) if kept else home
        return self._now[home]

    async def learn(self, old: int, new: int) -> None:
        """The group `old` is the supergroup `new`; the same word again changes nothing."""
        home = await self.home(old)
        if old == new or await self.home(new) == home:
            return
        await self._places.keep(channel_ref(home), MOVED_TO, (str(new),))
        await self._places.keep(channel_ref(new), MOVED_FROM, (str(home),))
        self._now[home] = new
        self._homes[new] = home
        log.info("a group became a supergroup", old=old, new=new)
