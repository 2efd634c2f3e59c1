"""Lines that only one person sees, and troubles. They may be lost; nobody waits for them."""

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.background import Background
from adapters.slack.text import escaped
from core.messages import Person, ThreadRef, Trouble

log = structlog.get_logger(__name__)

_LONGEST = 2_900


class Hints:
    """Says things beside the conversation."""

    def __init__(self, api: Api, background: Background) -> None:
        self._api = api
        self._background = background

    def tell(self, thread: ThreadRef, person: Person, text: str) -> None:
        """Show a line to one person, in the thread; returns at once."""
        line = escaped(text[:_LONGEST])
        self._say("chat.postEphemeral", thread, line, user=person.id)

    def trouble(self, trouble: Trouble) -> None:
        """Say in the thread what is wrong just now; returns at once."""
        if self._api.limits.free("chat.postMessage", trouble.thread.channel.channel):
            self._say("chat.postMessage", trouble.thread, escaped(trouble.text[:_LONGEST]))

    def _say(self, method: str, thread: ThreadRef, text: str, **more: str) -> None:
        call = self._called(method, thread, text, **more)
        self._background.spawn(call, f"slack hint {thread}")

    async def _called(self, method: str, thread: ThreadRef, text: str, **more: str) -> None:
        try:
            await self._api.call(
                method, channel=thread.channel.channel, thread_ts=thread.thread or None,
                text=text, **more,
            )  # fmt: skip
        except (Refused, Unclear, Busy) as error:
            log.info("a hint was lost", error=str(error))
