"""Signs of life: the reaction to a message, and a thread's agent session with Slack's own Stop.

A session says "processing" while a message waits for its answer or a job of the thread runs, and
never clears itself. Signs may be lost when Slack's limit is used up, but no "processing" stays.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from core.messages import ThreadRef

log = structlog.get_logger(__name__)

_KNOWN = 5_000
_LONGEST_WAIT = 60
_EYES = "eyes"
# The app is no agent, or was installed without the scope: the reaction has to do.
_NEVER = {"not_an_agent", "missing_scope", "unknown_method", "not_allowed_token_type"}


@dataclass(slots=True)
class _Session:
    """What goes on in a thread, and what Slack was told of it."""

    busy: set[str] = field(default_factory=set)
    told: str | None = None


class Sessions:
    """All threads' signs. `run` tells Slack; `second` is Slack's second."""

    def __init__(self, api: Api, second: float = 1.0) -> None:
        self._api = api
        self._second = second
        self._wait = second
        self._sessions: OrderedDict[ThreadRef, _Session] = OrderedDict()
        self._dirty: OrderedDict[ThreadRef, None] = OrderedDict()
        self._moved = asyncio.Event()
        self._agent = True

    async def react(self, thread: ThreadRef, message_id: str) -> None:
        """Put eyes on a message, if that can be done at once."""
        if not self._api.limits.free("reactions.add"):
            return
        try:
            await self._api.call(
                "reactions.add", channel=thread.channel.channel, name=_EYES, timestamp=message_id
            )
        except (Refused, Unclear, Busy) as error:
            log.debug("no reaction", error=str(error))

    def working(self, thread: ThreadRef, what: str) -> None:
        """`what` (a message, a job) is worked on in the thread."""
        self._session(thread).busy.add(what)
        self._touch(thread)

    def done(self, thread: ThreadRef, what: str) -> None:
        """`what` has come to its end."""
        self._session(thread).busy.discard(what)
        self._touch(thread)

    def streamed(self, thread: ThreadRef) -> None:
        """A stream was begun: Slack shows "processing" by itself."""
        self._session(thread).told = "processing"

    def stopped(self, thread: ThreadRef) -> None:
        """Slack's own Stop was pressed: its sign is off. The answer ends, jobs may go on; those
        that end say so by their cards."""
        session = self._session(thread)
        session.busy = {what for what in session.busy if what.startswith("card:")}
        session.told = None
        self._touch(thread)

    async def run(self) -> None:
        """Tell Slack what has changed, in turn. Never returns."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            while self._dirty and self._agent:
                if not self._api.limits.free("agents.sessions.setStatus"):
                    await asyncio.sleep(self._second)
                    continue
                thread, _ = self._dirty.popitem(last=False)
                await self._tell(thread)

    async def _tell(self, thread: ThreadRef) -> None:
        session = self._session(thread)
        status = "processing" if session.busy else "active"
        if status == session.told:
            return
        try:
            await self._api.call(
                "agents.sessions.setStatus",
                channel_id=thread.channel.channel,
                thread_ts=thread.thread,
                status=status,
            )
            session.told, self._wait = status, self._second
        except Refused as error:
            self._agent = error.error not in _NEVER
            log.info("no session status", error=error.error)
        except (Unclear, Busy) as error:
            log.info("a session's status waits", error=str(error))
            self._dirty[thread] = None
            await asyncio.sleep(self._wait)
            self._wait = min(2 * self._wait, _LONGEST_WAIT * self._second)

    def _touch(self, thread: ThreadRef) -> None:
        if thread.thread and self._agent:
            self._dirty[thread] = None
            self._moved.set()

    def _session(self, thread: ThreadRef) -> _Session:
        session = self._sessions.setdefault(thread, _Session())
        self._sessions.move_to_end(thread)
        if len(self._sessions) > _KNOWN:
            old = next(iter(self._sessions))
            if not self._sessions[old].busy:
                del self._sessions[old]
        return session
