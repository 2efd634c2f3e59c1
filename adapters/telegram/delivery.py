"""Posts out: texts and files, each part kept as soon as it is out, so that none goes out twice.

Telegram has no key against double sends: only a part whose answer was lost can appear again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from telegram import InputFile

from adapters.telegram.address import Spot, chat_of, spot, topic_of
from adapters.telegram.api import Api, GroupMoved, MessageGone
from adapters.telegram.card import Rows, keyboard
from adapters.telegram.cards import Cards
from adapters.telegram.keys import FILES
from adapters.telegram.moves import Moves
from adapters.telegram.post import Letter, file_name, letter
from adapters.telegram.streams import Streams
from adapters.telegram.styled import Styled
from core.errors import BadRequest, DeliveryFailed
from core.messages import Card, Outbound, Post, PostKind
from core.messages.queries import ReadFile, ReadJob
from core.messages.views import FileView, JobView
from core.ports import Places, Window

LARGEST_UP = 50 * 2**20
_MOST_FILES = 10
_SHORT = 500  # characters that are laid out in less time than a thread takes to be woken up


class Delivery:
    """Shows durable items; the same item again edits what is there and sends what is missing."""

    def __init__(
        self,
        api: Api,
        moves: Moves,
        places: Places,
        window: Window,
        streams: Streams,
        cards: Cards,
    ) -> None:
        self._api = api
        self._moves = moves
        self._places = places
        self._window = window
        self._streams = streams
        self._cards = cards

    async def deliver(self, item: Outbound) -> None:
        """Raises DeliveryFailed or DeliveryRefused; StoreError when a part cannot be kept."""
        try:
            await self._deliver(item)
        except GroupMoved as moved:
            await self._moves.learn(chat_of(item.thread.channel), moved.new)
            try:
                await self._deliver(item)
            except GroupMoved as again:
                raise DeliveryFailed(str(again)) from again

    async def _deliver(self, item: Outbound) -> None:
        if isinstance(item, Card):
            await self._cards.deliver(item)
            return
        short = len(item.text) + sum(map(len, item.receipt + item.drift)) < _SHORT
        laid = letter(item) if short else await asyncio.to_thread(letter, item)
        await self._streams.finish(item.thread.channel, item.id)
        chat = await self._moves.now(chat_of(item.thread.channel))
        await self._texts(chat, item, laid)
        await self._files(chat, item, laid)

    async def _texts(self, chat: int, post: Post, laid: Letter) -> None:
        channel = post.thread.channel
        shown = list(await self._places.of(channel, post.id))
        if laid.rich is not None and await self._as_rich(chat, post, laid, shown):
            return
        last = len(laid.texts) - 1
        for index, text in enumerate(laid.texts):
            rows = keyboard(laid.buttons) if index == last else ()
            if index < len(shown) and await self._edited(chat, shown[index], text, rows):
                continue
            await self._api.turn(chat)
            reply = _reply(post, chat) if index == 0 else None
            topic = topic_of(post.thread)
            message = await self._api.send(chat, text, topic=topic, reply_to=reply, rows=rows)
            shown[index : index + 1] = [str(Spot(chat=chat, message=message))]
            await self._places.keep(channel, post.id, tuple(shown))
        await self._take_away(chat, post, shown, last + 1)

    async def _as_rich(self, chat: int, post: Post, laid: Letter, shown: list[str]) -> bool:
        """Whether one rich message shows it all."""
        at = spot(shown[0]) if shown else None
        if at is not None and at.chat != chat:
            return False
        rows, html = keyboard(laid.buttons), laid.rich or ""
        old = None if at is None else at.message
        await self._api.turn(chat)
        try:
            if old is not None and await self._api.rich(chat, html, message=old, rows=rows):
                await self._take_away(chat, post, shown, 1)
                return True
        except MessageGone:
            old = None
        if old is not None:
            return False
        topic, reply = topic_of(post.thread), _reply(post, chat)
        message = await self._api.rich(chat, html, topic=topic, reply_to=reply, rows=rows)
        if message is None:
            return False
        shown[:1] = [str(Spot(chat=chat, message=message))]
        await self._places.keep(post.thread.channel, post.id, tuple(shown))
        await self._take_away(chat, post, shown, 1)
        return True

    async def _take_away(self, chat: int, post: Post, shown: list[str], kept: int) -> None:
        """Delete the messages that an earlier, longer version of the post needed."""
        for extra in shown[kept:]:
            if (at := spot(extra)) is not None and at.chat == chat:
                await self._api.delete(chat, at.message)
        if len(shown) > kept:
            await self._places.keep(post.thread.channel, post.id, tuple(shown[:kept]))

    async def _edited(self, chat: int, id: str, text: Styled, rows: Rows) -> bool:
        """Whether the part stands as it should; False when it is gone."""
        at = spot(id)
        if at is None:
            return False
        if at.chat != chat:
            return True  # it stayed behind in the group as it was
        await self._api.turn(chat)
        try:
            await self._api.edit(chat, at.message, text, rows)
        except MessageGone:
            return False
        return True

    async def _files(self, chat: int, post: Post, laid: Letter) -> None:
        channel, key = post.thread.channel, f"{post.id}{FILES}"
        names = list(laid.files[:_MOST_FILES])
        if laid.whole is None and not names:
            return
        shown = list(await self._places.of(channel, key))
        sends: list[Callable[[], Awaitable[int]]] = []
        if laid.whole is not None:
            sends.append(self._whole(chat, post, laid.whole))
        sends.extend(self._workspace_file(chat, post, name) for name in names)
        if len(laid.files) > _MOST_FILES:
            sends.append(self._note(chat, post, _too_many(laid.files[_MOST_FILES:])))
        for send in sends[len(shown) :]:
            message = await send()
            shown.append(str(Spot(chat=chat, message=message)))
            await self._places.keep(channel, key, tuple(shown))

    def _whole(self, chat: int, post: Post, text: str) -> Callable[[], Awaitable[int]]:
        async def send() -> int:
            name = file_name(post, await self._title(post))
            return await self._upload(chat, post, name, text.encode("utf-8", "replace"))()

        return send

    async def _title(self, post: Post) -> str:
        if post.job is None:
            return ""
        try:
            view = await self._window.look(ReadJob(channel=post.thread.channel, number=post.job))
        except BadRequest:
            return ""  # it was forgotten
        return view.card.title if isinstance(view, JobView) else ""

    def _workspace_file(self, chat: int, post: Post, path: str) -> Callable[[], Awaitable[int]]:
        async def send() -> int:
            name = path.rsplit("/", 1)[-1]
            try:
                view = await self._window.look(ReadFile(channel=post.thread.channel, path=path))
            except BadRequest as error:
                return await self._note(chat, post, f"{name} is not here: {error}")()
            content = view.content if isinstance(view, FileView) else b""
            if not content:
                return await self._note(chat, post, f"{name} is empty.")()
            if len(content) > LARGEST_UP:
                text = f"{name} has {len(content) / 2**20:.0f} MB; Telegram takes 50 MB at most."
                return await self._note(chat, post, text)()
            return await self._upload(chat, post, name, content)()

        return send

    def _upload(
        self, chat: int, post: Post, name: str, content: bytes
    ) -> Callable[[], Awaitable[int]]:
        async def send() -> int:
            await self._api.turn(chat)
            topic = topic_of(post.thread)
            file = await asyncio.to_thread(InputFile, content, name)
            sent = await self._api.say(
                chat,
                lambda: self._api.bot.send_document(
                    chat, file, message_thread_id=topic, disable_content_type_detection=True
                ),
            )
            return sent.message_id

        return send

    def _note(self, chat: int, post: Post, text: str) -> Callable[[], Awaitable[int]]:
        async def send() -> int:
            await self._api.turn(chat)
            said = Styled(text=text[:1000].replace("@", "@\u2060"))
            return await self._api.send(chat, said, topic=topic_of(post.thread))

        return send


def _reply(post: Post, chat: int) -> int | None:
    """The message answered; an answer in a private chat needs no such sign."""
    if chat > 0 and post.kind is PostKind.ANSWER:
        return None
    at = spot(post.reply_to or "")
    return at.message if at is not None and at.chat == chat else None


def _too_many(paths: tuple[str, ...]) -> str:
    listed = "\n".join(f"• {path}" for path in paths[:50])
    return f"Further files, kept in the state of this chat:\n{listed}"
