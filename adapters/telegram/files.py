"""Files that people send: fetched within Telegram's limit. What is not taken is said why."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import structlog
from telegram import Bot
from telegram.error import TelegramError

from adapters.telegram.translate import Sent
from core.messages import Attachment
from core.ports import Door

log = structlog.get_logger(__name__)

_FETCH_S = 60.0
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
        known = await bot.get_file(file.file_id)
        content = await known.download_as_bytearray()
    yield bytes(content)
