"""Calls to Telegram: at the pace it allows, its errors as the core's. Knows no posts and cards."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from adapters.telegram.card import Rows
from adapters.telegram.fields import QUIET, Json, given, keyboard, reply, texts
from adapters.telegram.pace import Pace
from adapters.telegram.request import AiohttpRequest
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.status import Status
from adapters.telegram.styled import Styled
from core.errors import DeliveryFailed, DeliveryRefused, ThawError

log = structlog.get_logger(__name__)

T = TypeVar("T")
_CONNECTIONS = 64
_SIGNS = 16
_GONE = ("to edit not found", "can't be edited", "message_id_invalid")
# In what Telegram says of marks, of buttons, and of the message that is answered.
_DRESS = ("entit", "button", "to be replied", "to reply")
_REVOKED_S = 300.0
# Whoever asks for more, be it by mistake, would have the bot deaf until somebody starts it again.
_LONGEST_ASKED_S = 3600.0
_NO_TOKEN = "none"  # noqa: S105 - the library wants some text
# What is called often is called by the library's way for methods that it does not know: it knows
# none that is written so. Its own methods read each answer into objects that nobody looks at.
_SEND = "send_Message"
_EDIT = "edit_Message_Text"
_DRAFT = "send_Message_Draft"
_REACT = "set_Message_Reaction"
_SEND_RICH = "send_rich_message"


class MessageGone(DeliveryRefused):
    """The message to be edited is no longer there, or not the bot's."""


class GroupMoved(ThawError):
    """The group is a supergroup now, under another number."""

    def __init__(self, new: int) -> None:
        super().__init__(f"the group is {new} now")
        self.new = new


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The library's bot twice: once for all it does, once with connections of its own for signs,
    which wait behind no answer. `requests` are the connections, to be shut down at the end.
    """

    bot: Bot
    signs: Bot
    requests: tuple[AiohttpRequest, ...]


def connect(settings: TelegramSettings, timeout_s: float) -> Lines:
    """The ways to Telegram under these settings.

    Without a token nothing is connected, and they are of no use.
    """
    # Without this the library warns at each 429 that it will count in timedeltas one day.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    # It logs whole answers that it cannot read, with what people wrote; the status tells of them.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    server = settings.api_url.rstrip("/")
    calls, polls, signs = (AiohttpRequest(most, timeout_s) for most in (_CONNECTIONS, 2, _SIGNS))

    def bot(request: AiohttpRequest, polling: AiohttpRequest) -> Bot:
        return Bot(
            settings.token or _NO_TOKEN,
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=polling,
        )

    return Lines(bot=bot(calls, polls), signs=bot(signs, signs), requests=(calls, polls, signs))


class Api:
    """Telegram as the rest of the adapter uses it. Every send raises DeliveryFailed,
    DeliveryRefused or GroupMoved.
    """

    def __init__(self, lines: Lines, pace: Pace, status: Status) -> None:
        self.bot = lines.bot
        self.signs = lines.signs
        self.pace = pace
        self.status = status

    async def turn(self, chat: int) -> None:
        """Wait for this chat's turn; who came first goes first."""
        self.status.throttled_s += await self.pace.turn(chat)

    async def spare_turn(self, chat: int) -> None:
        """Wait until there is a turn that no message needs."""
        wait = self.pace.take(chat, urgent=False)
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self.pace.take(chat, urgent=False)

    async def call(self, chat: int, made: Callable[[], Awaitable[T]]) -> T:
        """One call about a chat, without waiting for a turn."""
        self.status.sends += 1
        try:
            return await made()
        except RetryAfter as error:
            self.status.retries += 1
            seconds = asked_wait(error)
            self.pace.hold(chat, seconds)
            raise DeliveryFailed(str(error), retry_after_s=seconds) from error
        except ChatMigrated as error:
            raise GroupMoved(error.new_chat_id) from error
        except TelegramError as error:
            self.status.retries += not isinstance(error, BadRequest | Forbidden)
            raise _ours(error) from error

    async def say(self, chat: int, made: Callable[[], Awaitable[T]]) -> T:
        """One call that counts as a message and whose turn has come."""
        async with self.pace.place():
            return await self.call(chat, made)

    async def send(
        self,
        chat: int,
        styled: Styled,
        *,
        topic: int | None = None,
        reply_to: int | None = None,
        rows: Rows = (),
    ) -> int:
        """A new message whose turn has come; its id. Without marks, buttons and the message that it
        answers, where Telegram refuses one of these.
        """
        more = {
            "message_thread_id": topic,
            "reply_parameters": reply(reply_to),
            "reply_markup": keyboard(rows),
            "link_preview_options": QUIET,
        }
        return await self.say(chat, lambda: self._bare_if_refused(chat, styled, more))

    async def edit(self, chat: int, message: int, styled: Styled, rows: Rows = ()) -> None:
        """Another text for a message whose turn has come. Raises MessageGone."""
        bare = {
            "chat_id": chat,
            "message_id": message,
            "text": styled.text,
            "link_preview_options": QUIET,
        }
        fields = {**bare, **texts(styled), "reply_markup": keyboard(rows)}
        try:
            await self.say(chat, lambda: _asked(self.bot, _EDIT, fields))
        except DeliveryRefused as error:
            if "not modified" in str(error):
                return
            if not _about_dress(error):
                raise
            log.warning("edited as bare text", error=str(error))
            await self.say(chat, lambda: _asked(self.bot, _EDIT, bare))

    async def rich(
        self,
        chat: int,
        html: str,
        *,
        message: int | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
        rows: Rows = (),
    ) -> int | None:
        """A rich message whose turn has come, new or in place of `message`; its id.

        None when Telegram does not take it so: entities say the same in a plainer way.
        """
        fields: Json = {
            "chat_id": chat,
            "message_id": message,
            "message_thread_id": topic,
            "rich_message": {"html": html, "skip_entity_detection": True},
            "reply_parameters": reply(reply_to),
            "reply_markup": keyboard(rows),
        }
        method = _SEND_RICH if message is None else _EDIT
        try:
            answer = await self.say(chat, lambda: self.bot.do_api_request(method, given(fields)))
        except MessageGone:
            raise
        except DeliveryFailed as error:
            # Before the library has seen that the token is good, an unknown method looks like a bad
            # token. If it is one, the plainer way finds out.
            if isinstance(error.__cause__, InvalidToken):
                return None
            raise
        except DeliveryRefused as error:
            if "not modified" in str(error):
                return message
            log.info("not taken as a rich message", error=str(error))
            return None
        id = answer.get("message_id") if isinstance(answer, dict) else None
        return id if isinstance(id, int) else message

    async def draft(self, chat: int, draft: int, styled: Styled, topic: int | None) -> None:
        """A preview in a private chat."""
        more = {"message_thread_id": topic, **texts(styled)}
        fields = {"chat_id": chat, "draft_id": draft, **more}
        await self.call(chat, lambda: _asked(self.bot, _DRAFT, fields))

    async def react(self, chat: int, message: int, emoji: str) -> None:
        """A sign on a message."""
        signs = [{"type": "emoji", "emoji": emoji}]
        fields: Json = {"chat_id": chat, "message_id": message, "reaction": signs}
        await self.call(chat, lambda: _asked(self.signs, _REACT, fields))

    async def delete(self, chat: int, message: int) -> None:
        """Take a message of the bot's away; nothing if it is gone."""
        try:
            await self.call(chat, lambda: self.bot.delete_message(chat, message))
        except DeliveryRefused:
            log.info("not deleted", chat=chat, message=message)

    async def _bare_if_refused(self, chat: int, styled: Styled, more: Json) -> int:
        try:
            sent = await _asked(self.bot, _SEND, {"chat_id": chat, **texts(styled), **more})
        except BadRequest as error:
            if not _about_dress(error):
                raise
            log.warning("sent as bare text", error=str(error))
            bare = {"chat_id": chat, "text": styled.text}
            bare |= {"message_thread_id": more["message_thread_id"], "link_preview_options": QUIET}
            sent = await _asked(self.bot, _SEND, bare)
        id = sent.get("message_id") if isinstance(sent, dict) else None
        if not isinstance(id, int):
            raise NetworkError("what was sent has no number")
        return id


async def _asked(bot: Bot, method: str, fields: Json) -> object:
    """The answer of a method that every server has."""
    try:
        answer: object = await bot.do_api_request(method, given(fields))
    except EndPointNotFound as error:
        raise InvalidToken(str(error)) from error  # it is the token that is not found
    return answer


def _ours(error: TelegramError) -> DeliveryFailed | DeliveryRefused:
    text, folded = str(error), str(error).lower()
    match error:
        case BadRequest() if any(words in folded for words in _GONE):
            return MessageGone(text)
        case BadRequest() | Forbidden() | EndPointNotFound():
            return DeliveryRefused(text)
        case InvalidToken() | Conflict():
            return DeliveryFailed(text, retry_after_s=_REVOKED_S)
        case _:
            return DeliveryFailed(text)


def _about_dress(error: Exception) -> bool:
    return any(words in str(error).lower() for words in _DRESS)


def asked_wait(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone, in seconds; an hour at most."""
    wait = error.retry_after
    seconds = float(wait) if isinstance(wait, int) else wait.total_seconds()
    return min(seconds, _LONGEST_ASKED_S)
