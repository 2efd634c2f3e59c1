"""The core as this platform needs it, wider than core.ports until the core takes these. No code."""

from typing import Protocol

from core.messages import ChannelRef, Edit, InboundEvent, Person


class Door(Protocol):
    """The core's door: it also hears of edits. Telegram tells bots of no deletions."""

    async def accept(self, event: InboundEvent | Edit) -> None:
        """See core.ports.Door."""


class Guard(Protocol):
    """Who may look: for what shows something and keeps nothing, and before a file is fetched."""

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        """Whether the person may use the bot in the channel."""
