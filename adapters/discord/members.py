"""Whether somebody who writes to the bot directly shares a server with it. Decides no rights.

In a direct message Discord does not say, and whoever installs the app for themselves can write one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from adapters.discord.directory import Directory
from adapters.discord.fields import texts
from adapters.discord.rest import Refusal, Rest
from core.errors import DeliveryFailed
from core.messages import Person

log = structlog.get_logger(__name__)

_FRESH_S, _STRANGE_S = 300.0, 60.0
_KNOWN = 10_000
_MOST_SERVERS = 100


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found; `roles` is None for somebody who is in none of the servers."""

    roles: frozenset[str] | None
    until: float


class Members:
    """Asks Discord, and remembers the answer for some minutes."""

    def __init__(
        self, rest: Rest, directory: Directory, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = rest
        self._directory = directory
        self._clock = clock
        self._found: OrderedDict[str, _Found] = OrderedDict()
        # One after another: a crowd of strangers takes no more than its share of the limit.
        self._asking = asyncio.Lock()

    async def known(self, person: Person) -> Person:
        """The person with the roles that they have in the bot's servers; from outside as they
        were if they are in none, or if that cannot be found out now."""
        roles = await self._roles(person.id)
        return person if roles is None else replace(person, roles=roles, outside=False)

    async def _roles(self, id: str) -> frozenset[str] | None:
        async with self._asking:
            found = self._found.get(id)
            if found is None or found.until <= self._clock():
                try:
                    roles = await self._ask(id)
                except DeliveryFailed as error:
                    log.warning("who somebody is cannot be found out", error=str(error))
                    return None
                lasts = _STRANGE_S if roles is None else _FRESH_S
                found = self._found[id] = _Found(roles, self._clock() + lasts)
                self._found.move_to_end(id)
                while len(self._found) > _KNOWN:
                    self._found.popitem(last=False)
            return found.roles

    async def _ask(self, id: str) -> frozenset[str] | None:
        roles: set[str] = set()
        member = False
        for guild in self._directory.guilds[:_MOST_SERVERS]:
            path = "/guilds/{guild_id}/members/{user_id}"
            try:
                found = await self._rest.ask("GET", path, guild_id=guild, user_id=id)
            except Refusal:
                continue  # not one of this server's, or the bot is not in it any more
            member = True
            roles.update(texts(found, "roles"))
        return frozenset(roles) if member else None
