"""When a message may go out: the limits of Telegram per chat, per group, altogether. Sends none."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What Telegram allows, with some room: a message each `chat_s` seconds to a chat, `group` in
    `group_s` seconds to a group, `overall` in `overall_s` seconds altogether; `places` in
    `places_s` of those that are on their way or have come.
    """

    chat_s: float = 1.05
    group: int = 19
    group_s: float = 61.0
    overall: int = 25
    overall_s: float = 1.05
    places: int = 29
    places_s: float = 1.0


@dataclass(slots=True)
class _Chat:
    sent: deque[float] = field(default_factory=deque)
    free_at: float = 0.0
    held_until: float = 0.0


class Pace:
    """Gives out turns. Messages may use the whole limit, edits of cards and streams half of it:
    however many cards are alive, an answer finds room.
    """

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._all: deque[float] = deque()
        self._places = asyncio.Semaphore(self.limits.places)
        self._chats: defaultdict[int, _Chat] = defaultdict(_Chat)

    def take(self, chat: int, *, urgent: bool = True) -> float:
        """Take a turn now (0.0), or the seconds until it is worth asking again."""
        now, limits, state = self._clock(), self.limits, self._chats[chat]
        part = 1 if urgent else 2
        overall, group = limits.overall // part, limits.group // part
        waits = [state.held_until - now, state.free_at - now]
        waits.append(_wait(self._all, overall, limits.overall_s, now))
        if chat < 0:
            waits.append(_wait(state.sent, group, limits.group_s, now))
        if not urgent and state.sent:
            waits.append(state.sent[-1] + 2 * limits.chat_s - now)
        wait = max(waits)
        if wait > 0:
            return wait
        state.free_at = now + limits.chat_s
        state.sent.append(now)
        self._all.append(now)
        return 0.0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Around one call, after its turn, waits in order of arrival.

        A turn says when a message leaves. When it arrives nobody knows, but for before its answer:
        so its place is taken until a while after that, and those who come late cannot add up.
        """
        await self._places.acquire()
        try:
            yield
        finally:
            asyncio.get_running_loop().call_later(self.limits.places_s, self._places.release)

    def held(self, chat: int) -> float:
        """Seconds for which Telegram wants nothing for this chat."""
        return max(0.0, self._chats[chat].held_until - self._clock())

    def hold(self, chat: int, seconds: float) -> None:
        """Telegram said to send nothing to this chat for so long; other chats go on."""
        state = self._chats[chat]
        state.held_until = max(state.held_until, self._clock() + seconds)


def _wait(sent: deque[float], most: int, window: float, now: float) -> float:
    while sent and sent[0] <= now - window:
        sent.popleft()
    if len(sent) < most:
        return 0.0
    return sent[len(sent) - most] + window - now
