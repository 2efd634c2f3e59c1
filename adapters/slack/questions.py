"""Which questions stand open in a thread, and for whom. Slack has no replies to one message: what
the person who is asked says in the thread, without naming the bot, is the answer. Answers none."""

from collections import OrderedDict

from core.errors import BadRequest, StoreError
from core.messages import Person, Post, ThreadRef
from core.messages.queries import ReadMessages
from core.messages.views import Messages
from core.ports import Window

_KNOWN = 20_000
_NEWEST, _END = 200, 2**62


class Questions:
    """Open questions by thread. What stood before the bot was started is read once."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._open: OrderedDict[ThreadRef, dict[str, str]] = OrderedDict()

    def shown(self, post: Post) -> None:
        """A post is out as it is now: an answered question has no buttons any more."""
        known = self._open.get(post.thread)
        if known is not None:
            _note(known, post)

    async def answered(self, thread: ThreadRef, person: Person) -> str | None:
        """The id of the post that asks this person something, if it is the only one."""
        known = self._open.get(thread)
        if known is None:
            known = self._open[thread] = await self._read(thread)
        self._open.move_to_end(thread)
        while len(self._open) > _KNOWN:
            self._open.popitem(last=False)
        mine = [post for post, asked in known.items() if asked == person.id]
        return mine[0] if len(mine) == 1 else None

    async def _read(self, thread: ThreadRef) -> dict[str, str]:
        query = ReadMessages(
            channel=thread.channel, thread=thread.thread, before=_END, limit=_NEWEST
        )
        found: dict[str, str] = {}
        try:
            view = await self._window.look(query)
        except (BadRequest, StoreError):
            return found  # then it takes the button, or the command
        for line in view.lines if isinstance(view, Messages) else ():
            if line.post is not None:
                _note(found, line.post)
        return found


def _note(known: dict[str, str], post: Post) -> None:
    asks = any(one.asks and one.action.startswith("answer.") for one in post.buttons)
    if asks and post.mention is not None:
        known[post.id] = post.mention.id
    else:
        known.pop(post.id, None)
