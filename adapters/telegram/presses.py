"""Presses on buttons until what comes of them is known: a refusal is shown to who pressed, alone.

Telegram lets a press be answered once, soon: what takes longer, or is no refusal, ends the waiting
sign on the button and nothing more.
"""

import asyncio

import structlog
from telegram.error import TelegramError

from adapters.telegram.api import Api
from adapters.telegram.post import letter
from core.messages import Post

log = structlog.get_logger(__name__)

_LONGEST_ALERT = 200


class Presses:
    """Answers each press once."""

    def __init__(self, api: Api, wait_s: float) -> None:
        self._api = api
        self._wait_s = wait_s
        self._open: dict[str, asyncio.Future[str]] = {}

    def taken(self, id: str) -> None:
        """The press is offered to the core, whose reply is to be waited for."""
        self._open.setdefault(id, asyncio.get_running_loop().create_future())

    def forget(self, id: str) -> None:
        """Who pressed is to hear nothing."""
        self._open.pop(id, None)

    def refused(self, id: str, words: str) -> None:
        """The core did not even take it."""
        self._open[id].set_result(words)

    async def settled(self, id: str) -> None:
        """Return when the press is answered: with its reply, or after a while with nothing."""
        replied = self._open.get(id)
        if replied is not None:
            await asyncio.wait({replied}, timeout=self._wait_s)
            # From here on a reply is too late for it.
            if self._open.pop(id, None) is not None:
                await self.answer(id, replied.result() if replied.done() else "")

    async def told(self, post: Post) -> bool:
        """Show a reply to the one person that it concerns; False: all are to see it."""
        replied = self._open.get(post.press or "")
        if post.press is None or replied is None or replied.done():
            return False
        text = letter(post).texts[0].text.strip() if post.alone is not None else ""
        if not text or len(text) > _LONGEST_ALERT:
            replied.set_result("")
            return False
        del self._open[post.press]
        replied.cancel()
        return await self.answer(post.press, text)

    async def answer(self, id: str, said: str) -> bool:
        """End the waiting sign on the button; with words, show them to the person alone."""
        query = id.removeprefix("press:")
        text = said if len(said) <= _LONGEST_ALERT else f"{said[: _LONGEST_ALERT - 1]}…"
        try:
            await self._api.signs.answer_callback_query(query, text or None, show_alert=bool(text))
        except TelegramError as error:
            log.info("a press was not answered", query=query, error=str(error))
            return False
        return True
