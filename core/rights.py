"""Who may do what. Asked on every path; the answer never comes from a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import NotAllowed
from core.messages import ChannelRef, Person


class Right(StrEnum):
    """What can be allowed. USE covers talking, starting jobs and looking."""

    USE = "use"
    STEER = "steer"
    DECIDE = "decide"
    CONFIGURE = "configure"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use one platform. With `everyone`, all who reach it may; `admins` may everything.

    Without admins, whoever may use the bot may also stop jobs and decide conflicts.
    """

    everyone: bool
    people: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()


class Rights:
    """The rights of people on all platforms; a platform without an access entry admits nobody."""

    def __init__(self, access: Mapping[str, Access]) -> None:
        self._access = access

    def require(
        self, right: Right, person: Person, channel: ChannelRef, owner: str | None = None
    ) -> None:
        """Raise NotAllowed unless the person has the right; `owner` is whose job it is about, or
        whose messages."""
        access = self._access.get(channel.platform)
        if access is None or not (
            access.everyone or person.id in access.people or person.id in access.admins
        ):
            raise NotAllowed("You are not on the list of people who may use this bot.")
        if right is Right.USE or not access.admins or person.id in access.admins:
            return
        if right in (Right.STEER, Right.FORGET) and owner == person.id:
            return
        if right is Right.STEER:
            raise NotAllowed("Only who asked for a job, or an admin, may steer or stop it.")
        if right is Right.FORGET:
            raise NotAllowed("Only an admin may forget what is not their own messages.")
        raise NotAllowed("Only an admin may do this here.")
