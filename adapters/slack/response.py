"""Answers to slash commands that were typed where the bot cannot post. Only who asked sees them."""

from collections.abc import Callable, Sequence

import aiohttp
import structlog

from adapters.slack.api import Api
from adapters.slack.render import Part, Upload, words
from core.errors import DeliveryFailed, said
from core.messages import Post

log = structlog.get_logger(__name__)

_MOST = 5  # Slack takes no more at one address
_CUT = words("context", "There is more, for which I have to be in this channel: /invite me.")


class Responses:
    """`address` knows where the answer to a command may go, for half an hour after it."""

    def __init__(self, api: Api, address: Callable[[str], str | None]) -> None:
        self._api = api
        self._address = address

    async def answered(self, post: Post, parts: Sequence[Part | Upload]) -> bool:
        """Whether the post went out this way. Raises DeliveryFailed when it may go later."""
        url = self._address(post.reply_to or "")
        if url is None:
            return False
        messages = [part for part in parts if isinstance(part, Part)][:_MOST]
        for number, part in enumerate(messages, 1):
            cut = number == len(messages) and len(messages) < len(parts)
            body = {
                "response_type": "ephemeral",
                "text": part.text,
                "blocks": [*part.blocks, *([_CUT] if cut else [])],
                "replace_original": False,
            }
            try:
                async with self._api.session.post(url, json=body) as answer:
                    if answer.status != 200:
                        log.info("no answer beside the channel", status=answer.status)
                        return False
            except (aiohttp.ClientError, TimeoutError) as error:
                raise DeliveryFailed(f"the answer did not go out: {said(error)}") from error
        return True
