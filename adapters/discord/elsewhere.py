"""Word to a person, directly, that something cannot be shown where it belongs."""

import time
from collections import OrderedDict

import structlog

from adapters.discord.fields import id_of
from adapters.discord.rendering import Part
from adapters.discord.rest import LACKS_ACCESS, UNKNOWN_CHANNEL, Refusal, Rest
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import ChannelRef, Message, Post

log = structlog.get_logger(__name__)

_AGAIN_S = 3600.0
_KNOWN = 5_000
_LONGEST = 300
# Where nobody can ask the bot for anything, either.
_GONE = (UNKNOWN_CHANNEL, LACKS_ACCESS)


class Elsewhere:
    """Tells each person once an hour about a channel. Who takes no direct messages is not told."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._asked: OrderedDict[str, str] = OrderedDict()

    def heard(self, message: Message) -> None:
        """Whose message it was: a post that answers it may never be shown."""
        self._asked[message.id] = message.author.id
        while len(self._asked) > _KNOWN:
            self._asked.popitem(last=False)

    def due(self, post: Post) -> str:
        """Who is to hear that this post will never be shown, once; "" for nobody."""
        channel, now = post.thread.channel, time.monotonic()
        named = post.mention.id if post.mention is not None else ""
        person = named or self._asked.get(post.reply_to or "", "")
        key = (channel.channel, person)
        lately = now - self._told.get(key, -_AGAIN_S) < _AGAIN_S
        if not person or lately or channel.workspace == "dm":
            return ""
        self._told[key] = now
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        return person

    async def tell(self, person: str, post: Post, error: DeliveryRefused) -> None:
        """Say it to who asked."""
        channel = post.thread.channel.channel
        gone = isinstance(error, Refusal) and error.code in _GONE
        kept = " with the bot: ask who runs it" if gone else ", and /job N shows them there"
        text = (
            f"I cannot post in <#{channel}> ({str(error)[:_LONGEST]}). What you asked for there"
            f" does not reach you; results of jobs are kept{kept}."
        )
        try:
            await self._say(person, text)
        except (DeliveryFailed, DeliveryRefused) as refusal:
            log.warning("nobody could be told that a channel is gone", error=str(refusal))

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See core.ports.Warner."""
        await self._say(
            person,
            f"You look after this bot: it cannot post in <#{channel.channel}>"
            f" ({error[:_LONGEST]}). What was asked for there does not arrive. Results of jobs are"
            f" kept: on the bot's machine `thaw jobs {channel}` lists them, `thaw export {channel}`"
            " has all of it.",
        )

    async def _say(self, person: str, text: str) -> None:
        opened = await self._rest.ask("POST", "/users/@me/channels", body={"recipient_id": person})
        await self._rest.ask(
            "POST", "/channels/{channel_id}/messages", body=Part(content=text).body(),
            channel_id=id_of(opened),
        )  # fmt: skip
