"""The core as this platform needs it, wider than core.ports until the core takes these. No code."""

from typing import Protocol

from core.messages import Edit, InboundEvent


class Door(Protocol):
    """The core's door: it also hears of edits. Telegram tells bots of no deletions."""

    async def accept(self, event: InboundEvent | Edit) -> None:
        """See core.ports.Door."""
