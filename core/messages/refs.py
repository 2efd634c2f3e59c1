"""Names of places and people, and what a platform says of them. Decides no rights."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRef:
    """One channel (a channel, group, DM): the unit that has a state of its own.

    `platform` is an adapter's name ("web", "slack", ...); `workspace` and `channel` are the
    platform's own ids, any text.
    """

    platform: str
    workspace: str
    channel: str

    def __str__(self) -> str:
        return f"{self.platform}/{self.workspace}/{self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRef:
    """One thread of a channel: the unit that has a conversation. "" is the channel's main line."""

    channel: ChannelRef
    thread: str

    def __str__(self) -> str:
        return f"{self.channel}#{self.thread}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something on a platform. `id` is the platform's id, `name` is for showing only.

    `roles` are the platform's ids of the roles they have there. `outside`: the platform does not
    count them among the people of the workspace or server (a guest of another one).
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    outside: bool = False
