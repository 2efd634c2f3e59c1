"""Who comes in: rights, pairing and what strangers hear, tied together. Keeps no event."""

from collections.abc import Callable, Mapping

from core.errors import NotAllowed
from core.messages import InboundEvent, Person
from core.pairing import Pairing
from core.rights import Access, Right, Rights
from core.state.database import Database
from core.strangers import Strangers


class Entrance:
    """The three parts over one configuration, and the question that the door asks them."""

    def __init__(
        self, access: Mapping[str, Access], database: Database, clock: Callable[[], float]
    ) -> None:
        self.pairing = Pairing(database, clock)
        self.rights = Rights(access, self.pairing.people)
        self._strangers = Strangers(access, self.pairing, clock)

    async def admit(self, person: Person, event: InboundEvent) -> None:
        """Raise NotAllowed, with what they are to hear, unless the person may use the bot there."""
        try:
            self.rights.require(Right.USE, person, event.thread.channel)
        except NotAllowed as refused:
            raise NotAllowed(str(refused), word=await self._strangers.word(event)) from None
