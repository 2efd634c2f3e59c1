"""The emulated Discord's rate limits: buckets by route and place, the global one. Keeps time only.

What goes over a limit is refused and recorded: a client reads the headers and should never.
"""

import math
import time
from dataclasses import dataclass, field

# Requests and seconds, as the documentation and the headers of the real one give them.
BUCKETS: dict[str, tuple[int, float]] = {
    "send": (5, 5.0), "edit": (5, 5.0), "delete": (5, 1.0), "react": (1, 0.25), "typing": (5, 5.0),
    "thread": (50, 300.0), "channel": (10, 15.0), "commands": (5, 20.0), "other": (30, 5.0),
}  # fmt: skip
EXEMPT = ("interaction", "webhook")  # from the global limit


@dataclass(slots=True)
class Window:
    limit: int
    seconds: float
    began: float = 0.0
    used: int = 0

    def left(self, now: float) -> int:
        if now >= self.began + self.seconds:
            self.began, self.used = now, 0
        return self.limit - self.used

    def ends_in(self, now: float) -> float:
        return max(self.began + self.seconds - now, 0.0)


@dataclass(slots=True, frozen=True)
class Ruling:
    """What a request gets: its headers, and for how long it has to wait if it was too much."""

    headers: dict[str, str]
    retry_after: float | None = None
    everywhere: bool = False


@dataclass(slots=True)
class Limits:
    """`speed` shortens every window, so that tests need not take minutes."""

    speed: float = 1.0
    everywhere: int = 50
    violations: list[str] = field(default_factory=list)
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    _all: Window | None = None

    def rest(self) -> None:
        """As if nothing had been sent for long."""
        self._windows.clear()
        self._all = None

    def rule(self, kind: str, place: str) -> Ruling:
        now = time.monotonic()
        if kind not in EXEMPT:
            if self._all is None:
                self._all = Window(self.everywhere, 1.0)
            if self._all.left(now) <= 0:
                self.violations.append(f"more than {self.everywhere} requests in a second")
                wait = self._all.ends_in(now)
                return Ruling({"X-RateLimit-Global": "true"}, wait, everywhere=True)
            self._all.used += 1
        limit, seconds = BUCKETS.get(kind, BUCKETS["other"])
        window = self._windows.setdefault((kind, place), Window(limit, seconds / self.speed))
        over = window.left(now) <= 0
        if over:
            self.violations.append(f"{kind} in {place}: more than {limit}")
        else:
            window.used += 1
        wait = window.ends_in(now)
        headers = {
            "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(window.left(now)),
            # Rounded up: whoever waits just so long must not come too early.
            "X-RateLimit-Reset-After": f"{math.ceil(wait * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": f"bucket-{kind}",
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
        }  # fmt: skip
        return Ruling(headers, wait if over else None)
