"""Words to one person alone: what comes of a press goes out by the press's own token, while that is
good. Whoever cannot be told so is told as everybody is."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from adapters.discord.gate import Priority
from adapters.discord.rendering import Part, ephemeral
from adapters.discord.rest import Refusal, Rest
from adapters.discord.tokens import Tokens
from core.messages import Post
from core.ports import Places

log = structlog.get_logger(__name__)

_FOLLOW_UP = "/webhooks/{webhook_id}/{webhook_token}"


class Whispers:
    """Knows the presses of the last minutes; a restart forgets them."""

    def __init__(self, rest: Rest, places: Places) -> None:
        self._rest = rest
        self._places = places
        self._tokens = Tokens()
        self._unanswered: OrderedDict[str, asyncio.Event] = OrderedDict()

    @contextmanager
    def pressed(self, id: str, application: str, token: str) -> Iterator[None]:
        """A press is being answered; Discord takes nothing else for it before that is over."""
        answered = self._unanswered[id] = asyncio.Event()
        self._tokens.keep(id, application, token)
        try:
            yield
        finally:
            answered.set()
            del self._unanswered[id]

    async def told(self, post: Post, parts: list[Part]) -> bool:
        """Show the post to the one person that it concerns; False where that cannot be.

        Raises DeliveryFailed: then it may be shown twice, for nobody can look for it.
        """
        id = post.press or ""
        if post.alone is None or len(parts) != 1:
            return False
        if await self._places.of(post.thread.channel, post.id):
            return True
        if (answered := self._unanswered.get(id)) is not None:
            await answered.wait()
        token = self._tokens.take(id)
        if token is None:
            return False
        try:
            await self._rest.ask(
                "POST", _FOLLOW_UP, priority=Priority.ANSWER, body=ephemeral(parts[0]),
                files=parts[0].files, webhook_id=token.application, webhook_token=token.token,
            )  # fmt: skip
        except Refusal as refusal:
            log.info("not shown to one person alone", item=post.id, error=str(refusal))
            return False
        await self._places.keep(post.thread.channel, post.id, (f"!{post.id}",))
        return True
