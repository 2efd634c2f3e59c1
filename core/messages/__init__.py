"""The seam: what crosses between a platform's adapter and the core. Data only, no behaviour."""

from core.messages.inbound import (
    Asking,
    Attachment,
    Change,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Press,
)
from core.messages.outbound import (
    Button,
    Card,
    CardMoved,
    Hint,
    Outbound,
    Post,
    PostKind,
    Seen,
    StateMoved,
    StreamText,
    Trouble,
)
from core.messages.refs import ChannelRef, Person, ThreadRef

__all__ = [
    "Asking",
    "Attachment",
    "Button",
    "Card",
    "CardMoved",
    "Change",
    "ChannelRef",
    "Deletion",
    "Edit",
    "Hint",
    "InboundEvent",
    "Message",
    "Outbound",
    "Person",
    "Post",
    "PostKind",
    "Press",
    "Seen",
    "StateMoved",
    "StreamText",
    "ThreadRef",
    "Trouble",
]
