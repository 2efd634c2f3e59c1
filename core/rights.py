"""Who may do what. Asked on every path; the answer never comes from a model."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from core.errors import NotAllowed
from core.messages import ChannelRef, Person


class Right(StrEnum):
    """What can be allowed. USE covers talking, starting jobs, looking; PAIR letting others in;
    ANSWER deciding for whoever asked for a job."""

    USE = "use"
    STEER = "steer"
    ANSWER = "answer"
    DECIDE = "decide"
    CONFIGURE = "configure"
    FORGET = "forget"
    PAIR = "pair"


class Who(StrEnum):
    """Who may use a platform beside those who are named: all who reach it, all whom the platform
    counts among its workspace's or server's people, all who were paired, or nobody."""

    ANYONE = "anyone"
    MEMBERS = "members"
    PAIRED = "paired"
    LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use one platform. Ids are the platform's; `admins` may everything.

    With `channels`, only there. Without admins, whoever may use the bot may also stop jobs and
    decide conflicts. `strangers` is what others hear when they write to the bot directly; "" is
    nothing.
    """

    who: Who
    people: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    strangers: str = ""


class Rights:
    """The rights of people on all platforms; a platform without an access entry admits nobody.

    Implements the port Guard. `paired` holds (platform, person's id) of those who were let in,
    as of now.
    """

    def __init__(
        self, access: Mapping[str, Access], paired: Container[tuple[str, str]] = frozenset()
    ) -> None:
        self._access = access
        self._paired = paired

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        """Whether the person may use the bot there."""
        access = self._access.get(channel.platform)
        if access is None or (access.channels and channel.channel not in access.channels):
            return False
        if person.id in access.admins or person.id in access.people:
            return True
        if not access.roles.isdisjoint(person.roles):
            return True
        match access.who:
            case Who.ANYONE:
                return True
            case Who.MEMBERS:
                return not person.outside
            case Who.PAIRED:
                return (channel.platform, person.id) in self._paired
            case Who.LISTED:
                return False
            case _ as unreachable:
                assert_never(unreachable)

    def pairs(self, channel: ChannelRef) -> bool:
        """Whether people are let in by codes on the channel's platform."""
        access = self._access.get(channel.platform)
        return access is not None and access.who is Who.PAIRED

    def may(
        self, right: Right, person: Person, channel: ChannelRef, owner: str | None = None
    ) -> bool:
        """Whether the person has the right there; `owner` as in `require`."""
        return self._refusal(right, person, channel, owner) is None

    def require(
        self, right: Right, person: Person, channel: ChannelRef, owner: str | None = None
    ) -> None:
        """Raise NotAllowed unless the person has the right; `owner` is whose job it is about, or
        whose messages."""
        refusal = self._refusal(right, person, channel, owner)
        if refusal is not None:
            raise NotAllowed(refusal)

    def _refusal(
        self, right: Right, person: Person, channel: ChannelRef, owner: str | None
    ) -> str | None:
        if not self.allows(person, channel):
            return "You are not on the list of people who may use this bot."
        admins = self._access[channel.platform].admins
        if person.id in admins:
            return None
        if right is Right.PAIR:
            # Who was let in cannot let others in, so nobody can where there are no admins.
            return "Only an admin may let people in."
        if right is Right.ANSWER:
            # What is asked is asked of one person: that there are no admins makes nobody them.
            mine = owner == person.id
            return None if mine else "Only who asked for the job, or an admin, may answer this."
        if right is Right.USE or not admins:
            return None
        if right in (Right.STEER, Right.FORGET) and owner == person.id:
            return None
        if right is Right.STEER:
            return "Only who asked for a job, or an admin, may steer or stop it."
        if right is Right.FORGET:
            return "Only an admin may forget what is not their own messages."
        return "Only an admin may do this here."
