"""Word to a person, in their own chat, that something cannot be shown where it belongs."""

import time
from collections import OrderedDict

from adapters.telegram.address import chat_of
from adapters.telegram.api import Api
from adapters.telegram.chores import Chores
from adapters.telegram.styled import Styled
from core.errors import DeliveryRefused
from core.messages import ChannelRef, Post

_AGAIN_S = 3600.0
_KNOWN = 5_000
_LONGEST = 300


class Elsewhere:
    """Tells each person once an hour about a chat. Who never wrote to the bot cannot be told."""

    def __init__(self, api: Api, chores: Chores) -> None:
        self._api = api
        self._chores = chores
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()

    def refused(self, post: Post, error: str) -> None:
        """The post will never be shown; returns at once."""
        chat, now = chat_of(post.thread.channel), time.monotonic()
        asker = "" if post.mention is None else post.mention.id
        if chat > 0 or not (asker.isascii() and asker.isdigit()):
            return
        key = (chat, int(asker))
        if now - self._told.get(key, -_AGAIN_S) < _AGAIN_S:
            return
        self._told[key] = now
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        self._chores.spawn(self._tell(key[1], chat, error), f"telegram word on {chat}")

    async def _tell(self, person: int, chat: int, error: str) -> None:
        await self._say(
            person,
            f"I cannot post in the group {chat} ({error[:_LONGEST]}). What you asked for there does"
            " not reach you; results of jobs are kept, and /job N shows them there.",
        )

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See core.ports.Warner."""
        if not (person.isascii() and person.isdigit()):
            raise DeliveryRefused(f"{person} is no person who can be written to")
        chat = chat_of(channel)
        where = f"the group {chat}" if chat < 0 else f"the private chat with {chat}"
        await self._say(
            int(person),
            f"You look after this bot: it cannot post in {where} ({error[:_LONGEST]}). What was"
            " asked for there does not arrive. Results of jobs are kept: on the bot's machine"
            f" `thaw jobs {channel}` lists them, `thaw export {channel}` has all of it.",
        )

    async def _say(self, person: int, text: str) -> None:
        await self._api.turn(person)
        await self._api.send(person, Styled(text=text.replace("@", "@\u2060")))
