"""What the adapter needs of the core beyond its ports. Protocols only."""

from typing import Protocol

from core.messages import ChannelRef, Deletion, Edit, InboundEvent, Person


class Guard(Protocol):
    """Who may use the bot: asked before anything is shown that the door does not see (a form, a
    completion, a job's steps), so that strangers get silence."""

    def allows(
        self, person: Person, channel: ChannelRef, roles: frozenset[str] = frozenset()
    ) -> bool:
        """Whether the person, having these roles of the server, may use the bot there."""


class Door(Protocol):
    """The core's door, with edits and deletions."""

    async def accept(self, event: InboundEvent | Edit | Deletion) -> None:
        """See core.ports.Door."""
