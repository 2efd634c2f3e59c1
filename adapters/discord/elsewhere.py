"""Word to a person, directly, that something cannot be shown where it belongs."""

import time
from collections import OrderedDict

import structlog

from adapters.discord.fields import id_of
from adapters.discord.rendering import Part
from adapters.discord.rest import LACKS_ACCESS, UNKNOWN_CHANNEL, Refusal, Rest
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import ChannelRef, Post

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

    def is_due(self, post: Post) -> bool:
        """Whether somebody is to hear of it that this post will never be shown; once."""
        channel, now = post.thread.channel, time.monotonic()
        if post.mention is None or channel.workspace == "dm":
            return False
        key = (channel.channel, post.mention.id)
        if now - self._told.get(key, -_AGAIN_S) < _AGAIN_S:
            return False
        self._told[key] = now
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        return True

    async def tell(self, post: Post, error: DeliveryRefused) -> None:
        """Say it to who asked."""
        assert post.mention is not None
        channel = post.thread.channel.channel
        gone = isinstance(error, Refusal) and error.code in _GONE
        kept = " with the bot: ask who runs it" if gone else ", and /job N shows them there"
        text = (
            f"I cannot post in <#{channel}> ({str(error)[:_LONGEST]}). What you asked for there"
            f" does not reach you; results of jobs are kept{kept}."
        )
        try:
            await self._say(post.mention.id, text)
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
