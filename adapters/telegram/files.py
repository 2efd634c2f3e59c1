"""Files that people send: fetched within Telegram's limit. What is not taken is said why."""

import asyncio
from collections.abc import Sequence

import structlog
from telegram import Bot
from telegram.error import TelegramError

from adapters.telegram.translate import Sent
from core.messages import Attachment

log = structlog.get_logger(__name__)

LARGEST_DOWN = 20 * 2**20
_FETCH_S = 60.0
_LIMIT = "Telegram gives bots files of 20 MB at most."


async def fetch(bot: Bot, files: Sequence[Sent]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """The files, and a sentence for each that was not taken."""
    taken, lacking = list[Attachment](), list[str]()
    for file in files:
        if file.size is not None and file.size > LARGEST_DOWN:
            lacking.append(
                f"{file.name} has {file.size / 2**20:.0f} MB and was not taken: {_LIMIT}"
            )
            continue
        try:
            async with asyncio.timeout(_FETCH_S):
                known = await bot.get_file(file.file_id)
                content = bytes(await known.download_as_bytearray())
        except (TelegramError, TimeoutError) as error:
            log.warning("a file could not be fetched", error=str(error))
            lacking.append(_reason(file, error))
            continue
        taken.append(Attachment(name=file.name, content=content))
    return tuple(taken), tuple(lacking)


def _reason(file: Sent, error: TelegramError | TimeoutError) -> str:
    if "too big" in str(error):
        return f"{file.name} was not taken: {_LIMIT}"
    return f"{file.name} could not be fetched from Telegram. Please send it again."
