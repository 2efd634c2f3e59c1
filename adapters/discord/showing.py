"""Posts, cards and growing answers on their way to the board: each once, the newest only; plainer
where Discord refuses a file or a card. Sends nothing itself."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from adapters.discord import files
from adapters.discord.board import Board
from adapters.discord.gate import Priority
from adapters.discord.painter import Moving, Painter
from adapters.discord.rendering import Part, card_part, card_text, post_parts, stream_parts
from adapters.discord.rest import EMPTY, LACKS_ACCESS, LACKS_RIGHT, UNKNOWN_CHANNEL, Refusal
from adapters.discord.whispers import Whispers
from adapters.discord.writing import Writing
from core.messages import Card, Post, StreamText, ThreadRef
from core.ports import Window

_REMEMBERED = 5_000
_INLINE_LIMIT = 2_000  # characters: more than that is rendered off the loop
_PLAIN_S = 600.0
_OLD_S, _OLD_PAUSE_S = 3500.0, 20.0


class Showing:
    """What is to be shown, durable or moving. What is older than what was shown is not shown."""

    def __init__(
        self, window: Window, board: Board, writing: Writing, whispers: Whispers,
        spawn: Callable[[Awaitable[None], str], object], interval_s: float,
    ) -> None:  # fmt: skip
        self._window = window
        self._board = board
        self._writing = writing
        self._whispers = whispers
        self._painter = Painter(self._paint, spawn, interval_s)
        self._over: OrderedDict[tuple[ThreadRef, str], int] = OrderedDict()
        # Where cards came to be refused, until when it is not tried again.
        self._plain: dict[str, float] = {}
        # Where an old card moved, until when none moves again.
        self._moved: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """How many things are to be painted."""
        return self._painter.waiting

    def moved(self, moving: Moving) -> None:
        """Show it at the channel's pace; returns at once."""
        item = moving.id if isinstance(moving, Card) else moving.post_id
        where = self._writing.where(moving.thread)
        if isinstance(moving, StreamText) and (moving.thread, item) in self._over:
            return
        if isinstance(moving, Card) and not self._may_move(moving, where):
            return
        self._painter.offer(where, item, moving)

    def _may_move(self, card: Card, where: str) -> bool:
        """Discord lets messages older than an hour be edited only so often, all together; what is
        left of it is for what has to be shown."""
        if time.time() - card.created_at < _OLD_S:
            return True
        now = time.monotonic()
        if now < self._moved.get(where, 0.0):
            return False
        self._moved = {one: until for one, until in self._moved.items() if now < until}
        self._moved[where] = now + _OLD_PAUSE_S
        return True

    async def post(self, post: Post) -> None:
        """Show a post. Raises DeliveryFailed, DeliveryRefused or StoreError."""
        batches, remarks = await files.read(self._window, post.thread.channel, post.files)
        parts = await _rendered(post, remarks) + [Part(files=batch) for batch in batches]
        async with self._board.turn(post.thread.channel, post.id):
            self._is_over(post.thread, post.id, 0)
            self._painter.drop(self._writing.where(post.thread), post.id)
            try:
                await self._posted(post, parts)
            except Refusal as refusal:
                if not any(part.files for part in parts) or refusal.code in _SHUT_OUT:
                    raise
                names = [name for batch in batches for name, _ in batch]
                told = [*remarks, *_not_attached(names, refusal)]
                await self._posted(post, await _rendered(post, told, attach=False))

    async def _posted(self, post: Post, parts: list[Part]) -> None:
        if not await self._whispers.told(post, parts):
            await self._board.show(
                post.thread, post.id, parts, priority=Priority.ANSWER, answers=post.reply_to or ""
            )

    async def card(self, card: Card, priority: Priority = Priority.CARD) -> None:
        """Show a card, unless a newer one was shown. Raises as `post` does."""
        async with self._board.turn(card.thread.channel, card.id):
            if card.version < self._over.get((card.thread, card.id), 0):
                return  # a newer one was shown while this one waited
            self._is_over(card.thread, card.id, card.version)
            where = self._writing.where(card.thread)
            plain = time.monotonic() < self._plain.get(where, 0.0)
            try:
                await self._carded(card, card_text(card) if plain else card_part(card), priority)
            except Refusal as refusal:
                if plain or refusal.code not in (LACKS_RIGHT, EMPTY):
                    raise
                await self._carded(card, card_text(card), priority)
                self._is_plain(where)

    async def _carded(self, card: Card, part: Part, priority: Priority) -> None:
        await self._board.show(card.thread, card.id, [part], priority=priority, again=False)

    async def _paint(self, moving: Moving) -> None:
        if isinstance(moving, Card):
            await self.card(moving, Priority.PAINT)
            return
        parts = (
            await asyncio.to_thread(stream_parts, moving.text)
            if len(moving.text) > _INLINE_LIMIT
            else stream_parts(moving.text)
        )
        async with self._board.turn(moving.thread.channel, moving.post_id):
            if (moving.thread, moving.post_id) in self._over or not parts:
                return  # the whole answer is out
            await self._board.show(
                moving.thread, moving.post_id, parts, priority=Priority.PAINT,
                answers=moving.reply_to or "", again=False,
            )  # fmt: skip

    def _is_over(self, thread: ThreadRef, item: str, version: int) -> None:
        """What is older than this is not to be shown any more."""
        self._over[thread, item] = version
        self._over.move_to_end((thread, item))
        while len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)

    def _is_plain(self, where: str) -> None:
        now = time.monotonic()
        self._plain = {one: until for one, until in self._plain.items() if now < until}
        self._plain[where] = now + _PLAIN_S


_SHUT_OUT = (UNKNOWN_CHANNEL, LACKS_ACCESS)


async def _rendered(post: Post, remarks: Sequence[str], *, attach: bool = True) -> list[Part]:
    if len(post.text) > _INLINE_LIMIT:
        return await asyncio.to_thread(post_parts, post, remarks, attach=attach)
    return post_parts(post, remarks, attach=attach)


def _not_attached(names: Sequence[str], refusal: Refusal) -> list[str]:
    """What there is to say of files that Discord does not take."""
    if not names:
        return []
    lacks = refusal.code == LACKS_RIGHT
    why = "the bot lacks the permission Attach Files here" if lacks else str(refusal)
    verb = "is" if len(names) == 1 else "are"
    return [f"{', '.join(names)} {verb} not attached, but in the channel's workspace: {why}"]
