"""When a message may go out: the limits of Telegram per chat, per group, altogether. Sends none."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

_CHATS = 2_000  # so many are remembered before those are looked for that owe nothing any more


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
    """`sent` is when messages went out, for groups; `line` is held by who waits in front."""

    sent: deque[float] | None
    last: float = float("-inf")
    held_until: float = 0.0
    line: asyncio.Lock = field(default_factory=asyncio.Lock)


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
        self._line = asyncio.Lock()
        self._places = asyncio.Semaphore(self.limits.places)
        self._chats: dict[int, _Chat] = {}
        self._most = _CHATS

    async def turn(self, chat: int) -> float:
        """Wait for a turn and take it; the seconds that it took. Who came first goes first: in the
        chat, then among all chats whose own limits have room.
        """
        begun = self._clock()
        async with self._chat(chat).line:
            while True:
                await _pass(partial(self._own, chat, urgent=True))
                # One waits for what all share, the others for that one: a thousand that woke up
                # with each turn would keep the processor busy with waiting.
                async with self._line:
                    await _pass(partial(self._shared, urgent=True))
                    # Meanwhile Telegram may have said to leave the chat alone.
                    if self.take(chat) <= 0:
                        return self._clock() - begun

    def take(self, chat: int, *, urgent: bool = True) -> float:
        """Take a turn now (0.0), or the seconds until it is worth asking again."""
        wait = max(self._own(chat, urgent=urgent), self._shared(urgent=urgent))
        if wait > 0:
            return wait
        now, state = self._clock(), self._chat(chat)
        state.last = now
        if state.sent is not None:
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
        return max(0.0, self._chat(chat).held_until - self._clock())

    def hold(self, chat: int, seconds: float) -> None:
        """Telegram said to send nothing to this chat for so long; other chats go on."""
        state = self._chat(chat)
        state.held_until = max(state.held_until, self._clock() + seconds)

    def _own(self, chat: int, *, urgent: bool) -> float:
        """How long the chat's own limits ask for."""
        now, limits, state = self._clock(), self.limits, self._chat(chat)
        gap = limits.chat_s if urgent else 2 * limits.chat_s
        wait = max(state.held_until - now, state.last + gap - now)
        if state.sent is None:
            return wait
        most = limits.group if urgent else limits.group // 2
        return max(wait, _wait(state.sent, most, limits.group_s, now))

    def _shared(self, *, urgent: bool) -> float:
        """How long the limit of all chats together asks for."""
        most = self.limits.overall if urgent else self.limits.overall // 2
        return _wait(self._all, most, self.limits.overall_s, self._clock())

    def _chat(self, chat: int) -> _Chat:
        state = self._chats.get(chat)
        if state is None:
            if len(self._chats) >= self._most:
                self._forget()
            state = self._chats[chat] = _Chat(sent=deque() if chat < 0 else None)
        return state

    def _forget(self) -> None:
        """Let go of chats that nobody waits for and no limit remembers."""
        now = self._clock()
        past = now - max(2 * self.limits.chat_s, self.limits.group_s)
        self._chats = {
            number: state
            for number, state in self._chats.items()
            if state.line.locked() or state.last > past or state.held_until > now
        }
        self._most = max(_CHATS, 2 * len(self._chats))


async def _pass(wait: Callable[[], float]) -> None:
    """Return once there is nothing to wait for."""
    while True:
        seconds = wait()
        if seconds <= 0:
            return
        await asyncio.sleep(seconds)


def _wait(sent: deque[float], most: int, window: float, now: float) -> float:
    while sent and sent[0] <= now - window:
        sent.popleft()
    if len(sent) < most:
        return 0.0
    return sent[len(sent) - most] + window - now
