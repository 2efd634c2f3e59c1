"""What goes wrong when it is told to: one fault for one call. Decides nothing."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["limit", "status", "html", "lost", "abort", "slow", "error", "hold", "list", "bare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of one call.

    limit: 429 with Retry-After `after_s`; status: `status` with JSON; html: `status` with a page;
    lost: done, but the connection breaks before the answer; abort: it breaks before anything;
    slow: done and answered after `after_s`; error: ok false with `error`; list: JSON that is no
    object; bare: done, and the answer says no more than that.
    """

    kind: Kind
    after_s: float = 1.0
    status: int = 500
    error: str = "internal_error"

    @property
    def takes_effect(self) -> bool:
        """Whether the call is done all the same."""
        return self.kind in ("lost", "slow", "bare")


class Faults:
    """The faults that are still to happen, by method."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, *faults: Fault) -> None:
        """The next calls of the method end like this."""
        self._waiting[method].extend(faults)

    def next(self, method: str) -> Fault | None:
        """The fault of the call that has just come."""
        waiting = self._waiting[method] or self._waiting["*"]
        return waiting.popleft() if waiting else None
