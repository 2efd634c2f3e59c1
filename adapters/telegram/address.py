"""Telegram's numbers as the core's names of places, and back. Pure."""

import re
from dataclasses import dataclass

from core.errors import DeliveryRefused
from core.messages import ChannelRef, ThreadRef

PLATFORM = "telegram"
WORKSPACE = "chats"  # the ids of chats are Telegram's own, the same for every bot
_SPOT = re.compile(r"(-?\d{1,19}):(\d{1,19})")
_NUMBER = re.compile(r"-?\d{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One message. A group that becomes a supergroup numbers anew, so its chat belongs to it."""

    chat: int
    message: int

    def __str__(self) -> str:
        return f"{self.chat}:{self.message}"


def spot(id: str) -> Spot | None:
    """The message behind an id of the core's, if it is one of Telegram's."""
    found = _SPOT.fullmatch(id)
    return None if found is None else Spot(chat=int(found[1]), message=int(found[2]))


def channel_ref(chat: int) -> ChannelRef:
    """The channel of a chat."""
    return ChannelRef(platform=PLATFORM, workspace=WORKSPACE, channel=str(chat))


def thread_ref(chat: int, topic: int | None) -> ThreadRef:
    """A topic of a chat; None is the chat's main line."""
    return ThreadRef(channel=channel_ref(chat), thread="" if topic is None else str(topic))


def chat_of(channel: ChannelRef) -> int:
    """The chat's number. Raises DeliveryRefused for what is no chat of Telegram."""
    if channel.platform != PLATFORM or not _NUMBER.fullmatch(channel.channel):
        raise DeliveryRefused(f"{channel} is no chat of Telegram")
    return int(channel.channel)


def topic_of(thread: ThreadRef) -> int | None:
    """The topic's number. Raises DeliveryRefused for what is none."""
    if thread.thread == "":
        return None
    if not _NUMBER.fullmatch(thread.thread):
        raise DeliveryRefused(f"{thread} is no topic of Telegram")
    return int(thread.thread)
