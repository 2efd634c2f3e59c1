"""Slack's documented rate limits, held to the call: who goes over gets 429 and is written down."""

import math
import time
from collections import defaultdict, deque

_TIERS = {2: 20, 3: 50, 4: 100}
_METHODS = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.startStream": 2,
    "chat.appendStream": 4,
    "chat.stopStream": 2,
    "chat.postEphemeral": 4,
    "reactions.add": 3,
    "reactions.remove": 2,
    "agents.sessions.setStatus": 3,
    "conversations.replies": 3,
    "conversations.history": 3,
    "users.info": 4,
    "views.open": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
}


class Limits:
    """`second` is how long Slack's second takes here; a minute is sixty of them."""

    def __init__(self, second: float) -> None:
        self.second = second
        self.violations: list[str] = []
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._held: dict[str, float] = {}

    def check(self, method: str, channel: str) -> float | None:
        """None, or in how many (whole) seconds to come back."""
        now = time.monotonic()
        key, most, window = method, _TIERS.get(_METHODS.get(method, 0), 10_000), 60 * self.second
        if method == "chat.postMessage":
            key, most, window = f"{method} {channel}", 1, self.second
        if now < self._held.get(key, 0.0):
            self.violations.append(f"{key}: called during a hold")
            return self._wait(self._held[key] - now)
        calls = self._calls[key]
        # A thousandth for clocks: what came a hair early was sent in time.
        while calls and calls[0] <= now - window * 0.995:
            calls.popleft()
        if len(calls) >= most:
            self.violations.append(f"{key}: {len(calls) + 1} in {window:.2f} s")
            return self._wait(calls[0] + window - now)
        calls.append(now)
        return None

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """After a 429 nothing of the kind may come for so long."""
        key = f"{method} {channel}" if method == "chat.postMessage" else method
        self._held[key] = time.monotonic() + seconds * 0.98

    def _wait(self, seconds: float) -> float:
        return max(1, math.ceil(seconds))
