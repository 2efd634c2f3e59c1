"""Slack's rate limits, kept by the sender: one post a second per channel, methods by their tier.

A margin is left everywhere, because what counts is when a call arrives, not when it is sent.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.slack.status import Meter

# Calls a minute, of Slack's 20, 50 and 100.
_TIER_2, _TIER_3, _TIER_4 = 18, 45, 90
_PER_MINUTE = {
    "chat.update": _TIER_3,
    "chat.delete": _TIER_3,
    "chat.startStream": _TIER_2,
    "chat.appendStream": _TIER_4,
    "chat.stopStream": _TIER_2,
    "chat.postEphemeral": _TIER_4,
    "reactions.add": _TIER_3,
    "agents.sessions.setStatus": _TIER_3,
    "conversations.replies": _TIER_3,
    "conversations.history": _TIER_3,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "files.info": _TIER_4,
    "files.getUploadURLExternal": _TIER_4,
    "files.completeUploadExternal": _TIER_4,
}
_POST = "chat.postMessage"
_MINUTE = 60 * 1.02
_LANES = 5_000


class _Lane:
    """One limit: at most `most` calls begun in `window` seconds; for posts, one after another."""

    def __init__(self, most: int, window: float) -> None:
        self.turn = asyncio.Lock()
        self._most = most
        self._window = window
        self._calls: deque[float] = deque()
        self._held_until = 0.0

    def wait_s(self) -> float:
        """How long until the next call may begin."""
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - self._window:
            self._calls.popleft()
        held = self._held_until - now
        if len(self._calls) < self._most:
            return max(0.0, held)
        return max(held, self._calls[0] + self._window - now)

    async def wait(self) -> None:
        """Return when the next call may begin; Slack may say meanwhile that it is later."""
        wait = self.wait_s()
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self.wait_s()

    def count(self) -> None:
        """A call begins, or a post has come to its end."""
        self._calls.append(time.monotonic())

    def hold(self, seconds: float) -> None:
        """Slack said when to come back."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)


class Limits:
    """All limits of one workspace. `second` is Slack's second, shorter in tests."""

    def __init__(self, meter: Meter, second: float = 1.0) -> None:
        self._meter = meter
        self._second = second
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()

    @asynccontextmanager
    async def slot(self, method: str, channel: str) -> AsyncIterator[None]:
        """Wait in line, then hold the place while the call is made."""
        lane = self._lane(method, channel)
        begun = time.monotonic()
        posts = method == _POST
        async with lane.turn:
            await lane.wait()
            self._meter.throttled_s += time.monotonic() - begun
            if not posts:
                lane.count()
            else:
                # The next post is counted from the end of this one: so the gap is kept at Slack's
                # side, however long this one was on its way.
                try:
                    yield
                finally:
                    lane.count()
        if not posts:
            yield

    def free(self, method: str, channel: str = "", keep: float = 0.0) -> bool:
        """Whether a call could begin at once, leaving the share `keep` of the limit to others."""
        lane = self._lane(method, channel)
        if lane.turn.locked() or lane.wait_s() > 0:
            return False
        return len(lane._calls) < lane._most * (1 - keep)  # noqa: SLF001 - of the same file

    def take(self, method: str) -> bool:
        """Take a call's place now, if there is one; the call then waits for nothing."""
        if not self.free(method):
            return False
        self._lane(method, "").count()
        return True

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """Slack refused a call of the kind for so long."""
        self._lane(method, channel).hold(seconds)

    def _lane(self, method: str, channel: str) -> _Lane:
        key = f"{method} {channel}" if method == _POST else method
        lane = self._lanes.get(key)
        if lane is None:
            if method == _POST:
                lane = _Lane(1, 1.1 * self._second)
            else:
                lane = _Lane(_PER_MINUTE.get(method, _TIER_4), _MINUTE * self._second)
            self._lanes[key] = lane
            self._forget()
        self._lanes.move_to_end(key)
        return lane

    def _forget(self) -> None:
        while len(self._lanes) > _LANES:
            key, lane = next(iter(self._lanes.items()))
            if lane.turn.locked() or lane.wait_s() > 0:
                return
            del self._lanes[key]
