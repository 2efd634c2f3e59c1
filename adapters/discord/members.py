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
    """Asks Discord, and remembers for some minutes: the answers, and whom it met in a server."""

    def __init__(
        self, rest: Rest, directory: Directory, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = rest
        self._directory = directory
        self._clock = clock
        self._found: OrderedDict[str, _Found] = OrderedDict()
        self._met: OrderedDict[str, _Found] = OrderedDict()
        # One after another: a crowd of strangers takes no more than its share of the limit.
        self._asking = asyncio.Lock()

    def met(self, person: Person) -> None:
        """Somebody did something in a server, which says that they are in it."""
        self._keep(self._met, person.id, person.roles, _FRESH_S)

    async def known(self, person: Person, enough: Callable[[Person], bool]) -> Person:
        """The person with roles that they have in the bot's servers: all of them, or as many as
        are `enough`. From outside as they were if they are in none, or if nobody can say now."""
        met = self._met.get(person.id)
        if met is not None and met.until > self._clock():
            inside = _inside(person, met.roles)
            if enough(inside):
                return inside
        return _inside(person, await self._roles(person, enough))

    async def _roles(
        self, person: Person, enough: Callable[[Person], bool]
    ) -> frozenset[str] | None:
        async with self._asking:
            found = self._found.get(person.id)
            if found is not None and found.until > self._clock():
                return found.roles
            try:
                roles = await self._ask(person, enough)
            except DeliveryFailed as error:
                log.warning("who somebody is cannot be found out", error=str(error))
                return None
            self._keep(self._found, person.id, roles, _STRANGE_S if roles is None else _FRESH_S)
            return roles

    async def _ask(self, person: Person, enough: Callable[[Person], bool]) -> frozenset[str] | None:
        roles: frozenset[str] | None = None
        for guild in self._directory.guilds[:_MOST_SERVERS]:
            path = "/guilds/{guild_id}/members/{user_id}"
            try:
                found = await self._rest.ask("GET", path, guild_id=guild, user_id=person.id)
            except Refusal:
                continue  # not one of this server's, or the bot is not in it any more
            roles = (roles or frozenset()) | frozenset(texts(found, "roles"))
            if enough(_inside(person, roles)):
                break  # people wait for a sign, and there may be many servers
        return roles

    def _keep(
        self, kept: OrderedDict[str, _Found], id: str, roles: frozenset[str] | None, lasts_s: float
    ) -> None:
        kept[id] = _Found(roles, self._clock() + lasts_s)
        kept.move_to_end(id)
        while len(kept) > _KNOWN:
            kept.popitem(last=False)


def _inside(person: Person, roles: frozenset[str] | None) -> Person:
    return person if roles is None else replace(person, roles=roles, outside=False)
