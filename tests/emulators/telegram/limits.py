"""How many messages a bot may send and edit, strictly. Counts; shows nothing."""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass

from tests.emulators.telegram.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The documented limits; tests shorten the times.

    One message each `chat_s` to a chat with bursts of `burst`, `group` in `group_s` to a group,
    `overall` in `overall_s` altogether. Edits count as messages do.
    """

    chat_s: float = 1.0
    burst: int = 3
    group: int = 20
    group_s: float = 60.0
    overall: int = 30
    overall_s: float = 1.0


class Meter:
    """Counts what arrives; `violations` says what a client did that Telegram forbids."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.violations: list[str] = []
        self._all: deque[float] = deque()
        self._chats: defaultdict[int, deque[float]] = defaultdict(deque)
        self._free_at: defaultdict[int, float] = defaultdict(float)

    def count(self, chat: int, *, group: bool) -> None:
        """One more message or edit. Raises Refusal (429) for one too many."""
        now, limits = time.monotonic(), self.limits
        _drop(self._all, now - limits.overall_s)
        if len(self._all) >= limits.overall:
            self._too_many(f"{limits.overall} messages altogether", 1)
        recent = self._chats[chat]
        _drop(recent, now - limits.group_s)
        if group and len(recent) >= limits.group:
            self._too_many(f"{limits.group} in group {chat}", recent[0] + limits.group_s - now)
        free_at = max(self._free_at[chat], now)
        if free_at - now > (limits.burst - 0.5) * limits.chat_s:
            self._too_many(f"a burst to chat {chat}", limits.chat_s)
        self._free_at[chat] = free_at + limits.chat_s
        self._all.append(now)
        recent.append(now)

    def _too_many(self, what: str, wait: float) -> None:
        self.violations.append(f"more than {what}")
        seconds = max(1, math.ceil(wait))
        raise Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def _drop(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
