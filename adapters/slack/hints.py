"""Lines that only one person sees, and troubles. They may be lost; nobody waits for them."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.background import Background
from adapters.slack.text import escaped
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import ChannelRef, Person, ThreadRef, Trouble

log = structlog.get_logger(__name__)

_LONGEST = 2_900
_AGAIN_S = 3600.0
_KNOWN = 5_000
_WHY = {
    "channel_not_found": "I am not in it any more, or it is gone: /invite me there again",
    "not_in_channel": "I am not in it any more: /invite me there again",
    "is_archived": "it is archived",
    "thread_not_found": "the thread is gone",
    "cannot_reply_to_message": "nobody can reply to that message",
    "restricted_action": "only some people may post there",
    "restricted_action_read_only_channel": "only some people may post there",
    "restricted_action_thread_only_channel": "only replies may be posted there",
    "restricted_action_non_threadable_channel": "it takes no replies",
    "restricted_action_thread_locked": "the thread is locked",
}


class Hints:
    """Says things beside the conversation."""

    def __init__(self, api: Api, background: Background) -> None:
        self._api = api
        self._background = background
        self._told: OrderedDict[str, float] = OrderedDict()

    def unreachable(self, thread: ThreadRef, person: str, error: str) -> None:
        """Say to a person directly that what they asked for cannot be shown where they asked, once
        an hour for a channel; returns at once."""
        channel, now = thread.channel.channel, time.monotonic()
        key = f"{channel} {person}"
        if channel.startswith("D") or now - self._told.get(key, -_AGAIN_S) < _AGAIN_S:
            return
        self._told[key] = now
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        text = (
            f"I cannot post in <#{channel}> ({_WHY.get(error, error)}). What you asked for there"
            " does not reach you; results of jobs are kept, and /job N shows them there."
        )
        self._spawn("chat.postMessage", thread, channel=person, text=text)

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See core.ports.Warner."""
        text = (
            f"You look after this bot: it cannot post in <#{channel.channel}> ({escaped(error)})."
            " What was asked for there does not arrive. Results of jobs are kept: on the bot's"
            f" machine `thaw jobs {channel}` lists them, `thaw export {channel}` has all of it."
        )
        try:
            await self._api.call("chat.postMessage", channel=person, text=text, unfurl_links=False)
        except Refused as refused:
            raise DeliveryRefused(str(refused)) from refused
        except Busy as busy:
            raise DeliveryFailed(str(busy), retry_after_s=busy.wait_s) from busy
        except Unclear as unclear:
            raise DeliveryFailed(str(unclear)) from unclear

    def tell(self, thread: ThreadRef, person: Person, text: str) -> None:
        """Show a line to one person, in the thread; returns at once."""
        line = escaped(text[:_LONGEST])
        self._say("chat.postEphemeral", thread, line, user=person.id)

    def trouble(self, trouble: Trouble) -> None:
        """Say in the thread what is wrong just now; returns at once."""
        if self._api.limits.free("chat.postMessage", trouble.thread.channel.channel):
            self._say("chat.postMessage", trouble.thread, escaped(trouble.text[:_LONGEST]))

    def _say(self, method: str, thread: ThreadRef, text: str, **more: str) -> None:
        channel, root = thread.channel.channel, thread.thread or None
        self._spawn(method, thread, channel=channel, thread_ts=root, text=text, **more)

    def _spawn(self, method: str, thread: ThreadRef, **arguments: str | None) -> None:
        self._background.spawn(self._called(method, arguments), f"slack hint {thread}")

    async def _called(self, method: str, arguments: Mapping[str, str | None]) -> None:
        bare: dict[str, Any] = {"unfurl_links": False} if method == "chat.postMessage" else {}
        try:
            await self._api.call(method, **arguments, **bare)
        except (Refused, Unclear, Busy) as error:
            log.info("a hint was lost", error=str(error))
