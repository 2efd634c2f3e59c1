"""Answers while they are written: drafts in private chats, one edited message in groups.

Keeps nothing durable but the message a stream has in a group, which its post then becomes.
"""

import asyncio
import zlib
from contextlib import suppress

from adapters.telegram.address import Spot, chat_of, spot, topic_of
from adapters.telegram.api import Api, GroupMoved
from adapters.telegram.chores import Chores
from adapters.telegram.markdown import styled
from adapters.telegram.moves import Moves
from adapters.telegram.styled import Styled, split
from core.errors import ThawError
from core.messages import StreamText
from core.ports import Places

_LONG = 2_000  # characters: longer ones are rendered off the loop
_PATIENCE_S = 600.0


class Streams:
    """One task per answer being written; `text` returns at once, `finish` when it is quiet.

    `draft_s` is the time between two drafts; Telegram forgets one after 30 seconds, so it is
    repeated after `keep_s`. An answer that is whole within `hold_s` needs none. A group sees a
    message once an answer has taken `slow_s`.
    """

    def __init__(
        self, api: Api, moves: Moves, places: Places, chores: Chores, *, draft_s: float = 1.0
    ) -> None:
        self._api = api
        self._moves = moves
        self._places = places
        self._chores = chores
        self._draft_s = draft_s
        self._hold_s = 0.3 * draft_s
        self._keep_s = 20.0 * draft_s
        self._slow_s = 1.5 * draft_s
        self._live: dict[str, _Stream] = {}

    def text(self, hint: StreamText) -> None:
        """The answer has come so far."""
        key = f"{hint.thread.channel} {hint.post_id}"
        stream = self._live.get(key)
        if stream is None:
            stream = self._live[key] = _Stream(hint)
            stream.task = self._chores.spawn(self._run(key, stream), f"telegram stream {key}")
        stream.hint = hint
        stream.moved.set()

    async def finish(self, channel: object, post_id: str) -> None:
        """The post itself comes now: no text of the stream will go out after this returns."""
        stream = self._live.pop(f"{channel} {post_id}", None)
        if stream is None:
            return
        stream.ended.set()
        if stream.task is not None:
            # A call under way is waited for: cut, it could have made a message nobody knows.
            await asyncio.wait([stream.task])

    async def _run(self, key: str, stream: "_Stream") -> None:
        try:
            home = chat_of(stream.hint.thread.channel)
            chat = await self._moves.now(home)
            if chat > 0:
                await self._drafts(chat, stream)
            else:
                await self._edits(chat, stream)
        except GroupMoved:
            pass  # the post itself will find the new group
        finally:
            if self._live.get(key) is stream:
                del self._live[key]

    async def _drafts(self, chat: int, stream: "_Stream") -> None:
        draft = zlib.crc32(stream.hint.post_id.encode()) or 1
        topic = topic_of(stream.hint.thread)
        quiet_s = 0.0
        await _within(stream.ended, self._hold_s)
        while quiet_s < _PATIENCE_S and not stream.ended.is_set():
            stream.moved.clear()
            parts = await _parts(stream.hint.text)
            with suppress(ThawError):  # the next draft, or the post itself, makes up for it
                await self._api.draft(chat, draft, parts[-1], topic)
            await _within(stream.ended, max(self._draft_s, self._api.pace.held(chat)))
            if not await _within(stream.moved, self._keep_s):
                quiet_s += self._keep_s
            else:
                quiet_s = 0.0

    async def _edits(self, chat: int, stream: "_Stream") -> None:
        channel, post_id = stream.hint.thread.channel, stream.hint.post_id
        if await _within(stream.ended, self._slow_s):
            return
        kept = await self._places.of(channel, post_id)
        at = spot(kept[0]) if kept else None
        while await self._turn(chat, stream):
            stream.moved.clear()
            text = (await _parts(stream.hint.text))[0] + Styled(text=" …")
            if at is None:
                asked = spot(stream.hint.reply_to or "")
                reply = asked.message if asked is not None and asked.chat == chat else None
                topic = topic_of(stream.hint.thread)
                message = await self._api.send(chat, text, topic=topic, reply_to=reply)
                at = Spot(chat=chat, message=message)
                await self._places.keep(channel, post_id, (str(at),))
            else:
                await self._api.edit(chat, at.message, text)
            if not await _within(stream.moved, _PATIENCE_S):
                return

    async def _turn(self, chat: int, stream: "_Stream") -> bool:
        """Wait for a turn; False when the stream ended first."""
        while not stream.ended.is_set():
            wait = self._api.pace.take(chat, urgent=False)
            if wait <= 0:
                return True
            await _within(stream.ended, wait)
        return False


class _Stream:
    """One answer being written."""

    def __init__(self, hint: StreamText) -> None:
        self.hint = hint
        self.moved = asyncio.Event()
        self.ended = _Both(self.moved)
        self.task: asyncio.Task[None] | None = None


class _Both(asyncio.Event):
    """An event that sets another one too, so that one wait sees both."""

    def __init__(self, other: asyncio.Event) -> None:
        super().__init__()
        self._other = other

    def set(self) -> None:
        super().set()
        self._other.set()


async def _parts(markdown: str) -> list[Styled]:
    room = 4000
    if len(markdown) > _LONG:
        made = await asyncio.to_thread(lambda: split(styled(markdown), room))
    else:
        made = split(styled(markdown), room)
    return made or [Styled(text="…")]


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
