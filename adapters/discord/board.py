"""Items on Discord: which messages show them, and bringing those up to date, once. Renders nothing.

Showing an item again edits the messages that show it. What was sent when the bot died before it
was kept is found by its nonce, which Discord remembers for some minutes.
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from adapters.discord.fields import Payload, id_of
from adapters.discord.gate import Priority
from adapters.discord.rendering import Part
from adapters.discord.rest import LACKS_RIGHT, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Refusal, Rest
from adapters.discord.tokens import Tokens
from adapters.discord.writing import Json, Writing, same
from core.errors import DeliveryFailed
from core.messages import ChannelRef, ThreadRef
from core.ports import Places

_REMEMBERED = 5_000
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"


@dataclass(frozen=True, slots=True)
class Shown:
    """The messages of an item, what each says (None: not known), and whether that is kept."""

    messages: tuple[str, ...] = ()
    digests: tuple[str | None, ...] = ()
    kept: bool = True


class Board:
    """Shows items; all showing of one item is done one after another."""

    def __init__(self, rest: Rest, writing: Writing, places: Places, tokens: Tokens) -> None:
        self._rest = rest
        self._writing = writing
        self._places = places
        self._tokens = tokens
        self._shown: OrderedDict[tuple[ChannelRef, str], Shown] = OrderedDict()
        self._locks: WeakValueDictionary[tuple[ChannelRef, str], asyncio.Lock] = (
            WeakValueDictionary()
        )

    def turn(self, channel: ChannelRef, item: str) -> asyncio.Lock:
        """Held while an item is shown, so that what is older cannot come later."""
        key = (channel, item)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def show(
        self,
        thread: ThreadRef,
        item: str,
        parts: Sequence[Part],
        *,
        priority: Priority,
        answers: str = "",
        again: bool = True,
    ) -> None:
        """Make the item's messages say this. The caller holds the item's turn.

        `answers` is the event replied to. Without `again` a message that somebody removed stays
        away. Raises DeliveryFailed or DeliveryRefused.
        """
        shown = await self._known(thread.channel, item)
        for number, part in enumerate(parts):
            if number < len(shown.messages):
                shown = await self._edit(thread, item, shown, number, part, priority, again)
            else:
                body = part.body() | {"nonce": nonce(thread.channel, item, number)}
                body["enforce_nonce"] = True
                message = await self._send(
                    thread, body, part, priority, answers if number == 0 else ""
                )
                shown = await self._keep(thread.channel, item, shown, number, message, part)
        await self._remove(thread, item, shown, len(parts))

    async def _known(self, channel: ChannelRef, item: str) -> Shown:
        shown = self._shown.get((channel, item))
        if shown is None:
            messages = await self._places.of(channel, item)
            shown = Shown(messages, (None,) * len(messages))
        return await self._kept(channel, item, shown)

    async def _send(
        self, thread: ThreadRef, body: Json, part: Part, priority: Priority, answers: str
    ) -> str:
        got = await self._as_response(answers, part)
        if got is None:
            got = await self._writing.send(
                thread, body, part.files, priority=priority, answers=answers
            )
            if not same(body, got) and not part.files:
                got = await self._patch(thread, id_of(got), part, priority)
            _whole(part, got)
        message = id_of(got)
        if not message:
            raise DeliveryFailed("Discord took a message and did not say which it is")
        return message

    async def _as_response(self, answers: str, part: Part) -> Payload | None:
        """The first words after a slash command take the place of "is thinking…"."""
        token = self._tokens.take(answers)
        if token is None:
            return None
        try:
            return await self._rest.ask(
                "PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
                body=part.body(), files=part.files,
                webhook_id=token.application, webhook_token=token.token,
            )  # fmt: skip
        except Refusal:
            return None  # too late, or taken away: then it is a message like any other
        except DeliveryFailed:
            self._tokens.give_back(answers, token)
            raise

    async def _edit(
        self, thread: ThreadRef, item: str, shown: Shown, number: int, part: Part,
        priority: Priority, again: bool,
    ) -> Shown:  # fmt: skip
        message = shown.messages[number]
        known = shown.digests[number]
        if part.files and known is None and await self._has_files(thread, message):
            known = _digest(part)  # sent before a restart: the same item has the same files
        if known == _digest(part):
            return shown
        try:
            _whole(part, await self._patch(thread, message, part, priority))
        except Refusal as refusal:
            if refusal.code not in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
                raise
            if again:
                message = await self._send(thread, part.body(), part, priority, "")
        return await self._keep(thread.channel, item, shown, number, message, part)

    async def _patch(
        self, thread: ThreadRef, message: str, part: Part, priority: Priority
    ) -> Payload:
        body = {key: value for key, value in part.body().items() if key != "flags"}
        if part.files:
            # Those that are not named go: without this the new ones would stand beside the old.
            names = enumerate(name for name, _ in part.files)
            body["attachments"] = [{"id": at, "filename": name} for at, name in names]
        return await self._about("PATCH", thread, message, priority, body, part.files)

    async def _has_files(self, thread: ThreadRef, message: str) -> bool:
        try:
            found = await self._about("GET", thread, message, Priority.CARD)
        except Refusal:
            return False
        return bool(found.get("attachments"))

    async def _about(
        self, method: str, thread: ThreadRef, message: str, priority: Priority,
        body: Json | None = None, files: Sequence[tuple[str, bytes]] = (),
    ) -> Payload:  # fmt: skip
        """Ask about one message of a thread."""
        where = self._writing.where(thread)
        try:
            return await self._rest.ask(
                method, _MESSAGE, priority=priority, body=body, files=files, channel_id=where,
                message_id=message,
            )  # fmt: skip
        except Refusal as refusal:
            # It may have gone into the channel because there was no thread then.
            lost = refusal.code in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL)
            if not lost or where == thread.channel.channel:
                raise
            return await self._rest.ask(
                method, _MESSAGE, priority=priority, body=body, files=files,
                channel_id=thread.channel.channel, message_id=message,
            )  # fmt: skip

    async def _remove(self, thread: ThreadRef, item: str, shown: Shown, left: int) -> None:
        """Take away messages that the item no longer needs."""
        for message in shown.messages[left:]:
            try:
                await self._about("DELETE", thread, message, Priority.CARD)
            except Refusal as refusal:
                if refusal.code not in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
                    raise
        if len(shown.messages) > left:
            rest = Shown(shown.messages[:left], shown.digests[:left], kept=False)
            await self._kept(thread.channel, item, rest)

    async def _keep(
        self, channel: ChannelRef, item: str, shown: Shown, number: int, message: str, part: Part
    ) -> Shown:
        messages = (*shown.messages[:number], message, *shown.messages[number + 1 :])
        digests = (*shown.digests[:number], _digest(part), *shown.digests[number + 1 :])
        now = Shown(messages, digests, kept=shown.kept and messages == shown.messages)
        # Known here even when it cannot be kept: trying again must not send it again.
        self._remember(channel, item, now)
        return await self._kept(channel, item, now)

    async def _kept(self, channel: ChannelRef, item: str, shown: Shown) -> Shown:
        if not shown.kept:
            await self._places.keep(channel, item, shown.messages)
            shown = replace(shown, kept=True)
            self._remember(channel, item, shown)
        return shown

    def _remember(self, channel: ChannelRef, item: str, shown: Shown) -> None:
        self._shown[channel, item] = shown
        self._shown.move_to_end((channel, item))
        while len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)


def _whole(part: Part, got: Payload) -> None:
    """Without the permission for embeds Discord leaves them out, and says nothing."""
    if part.embeds and got.get("embeds") == []:
        raise Refusal("the bot lacks Embed Links here: its cards are not shown", LACKS_RIGHT)


def nonce(channel: ChannelRef, item: str, number: int) -> str:
    """The key against doubles: the same for the same part of the same item, 24 characters."""
    text = f"{channel}\n{item}\n{number}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _digest(part: Part) -> str:
    files = [(name, len(content)) for name, content in part.files]
    whole = json.dumps([part.body(), files], sort_keys=True).encode()
    return hashlib.blake2b(whole, digest_size=12).hexdigest()
