"""What goes wrong on purpose: planned per method, used up one after another. No chance in it."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one call.

    `status` answers so instead of doing it (with `html` as a proxy's page); `lost` does it and cuts
    the connection without an answer; `wait` is awaited first; `retry_after` goes with a 429.
    """

    status: int = 200
    html: bool = False
    lost: bool = False
    description: str = "Internal Server Error"
    retry_after: int | None = None
    wait: asyncio.Event | None = None


class Faults:
    """The planned faults, by method name."""

    def __init__(self) -> None:
        self._planned: dict[str, list[Fault]] = defaultdict(list)

    def plan(self, method: str, *faults: Fault) -> None:
        """The next calls of this method end so, in this order."""
        self._planned[method].extend(faults)

    def next(self, method: str) -> Fault | None:
        """The fault of this call, if one was planned."""
        planned = self._planned[method]
        return planned.pop(0) if planned else None
