"""Files that people send: fetched within Telegram's limit. What is not taken is said why."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from adapters.telegram.api import asked_wait
from adapters.telegram.translate import Sent
from core.messages import Attachment
from core.ports import Door

log = structlog.get_logger(__name__)

_FETCH_S = 60.0
_FIRST_WAIT_S, _LAST_WAIT_S = 0.2, 4.0
_FINAL = (BadRequest, Forbidden, InvalidToken, EndPointNotFound)
_LIMIT = "Telegram gives bots files of 20 MB at most"
_LOST = "it could not be fetched from Telegram: please send it again"


async def fetch(bot: Bot, files: Sequence[Sent], door: Door) -> tuple[Attachment, ...]:
    """The files, as the door took them."""
    taken = list[Attachment]()
    for file in files:
        try:
            content = _content(bot, file)
            one = await door.take(file.name, content, size=file.size, after=taken)
        except (TelegramError, TimeoutError) as error:
            log.warning("a file could not be fetched", error=str(error))
            reason = _LIMIT if "too big" in str(error) else _LOST
            one = Attachment(name=file.name, problem=reason)
        taken.append(one)
    return tuple(taken)


async def _content(bot: Bot, file: Sent) -> AsyncGenerator[bytes, None]:
    # The library has no stream: what Telegram hands out is small enough to come in one piece.
    async with asyncio.timeout(_FETCH_S):
        content = await _fetched(bot, file)
    yield content


async def _fetched(bot: Bot, file: Sent) -> bytes:
    wait = _FIRST_WAIT_S
    while True:
        try:
            known = await bot.get_file(file.file_id)
            return bytes(await known.download_as_bytearray())
        except _FINAL:
            raise
        except TelegramError as error:
            if wait > _LAST_WAIT_S:
                raise
            log.info("a file is fetched again", error=str(error))
            await asyncio.sleep(asked_wait(error) if isinstance(error, RetryAfter) else wait)
            wait *= 4
