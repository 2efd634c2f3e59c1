"""What the adapter needs of the core beyond its ports. Protocols only."""

from typing import Protocol

from core.messages import Deletion, Edit, InboundEvent


class Door(Protocol):
    """The core's door, with edits and deletions."""

    async def accept(self, event: InboundEvent | Edit | Deletion) -> None:
        """See core.ports.Door."""
