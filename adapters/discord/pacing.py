"""How soon to connect again, and how often sessions may be begun. Connects nothing."""

import random
import time
from collections import deque
from collections.abc import Callable

_LONGEST_PAUSE_S = 30.0
# Discord takes back the token of a bot that begins more than a thousand sessions in a day.
_STARTS, _STARTS_S = 20, 1800.0


class Pace:
    """How long to wait before connecting again: not at all after a good connection, then longer."""

    def __init__(self, first_s: float = 0.5) -> None:
        self._first_s = first_s
        self._failures = 0

    def good(self) -> None:
        """A connection came up."""
        self._failures = 0

    def next_s(self) -> float:
        """The pause before the next attempt, in seconds."""
        failures, self._failures = self._failures, self._failures + 1
        if not failures:
            return 0.0
        longest = min(self._first_s * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - so that not all come at once


class Starts:
    """The sessions begun of late, whatever became of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: deque[float] = deque()

    def wait_s(self, shards: int = 1) -> float:
        """For how many seconds no other may be begun."""
        now = self._clock()
        while self._begun and self._begun[0] <= now - _STARTS_S:
            self._begun.popleft()
        most = _STARTS * shards
        return 0.0 if len(self._begun) < most else self._begun[-most] + _STARTS_S - now

    def begun(self) -> None:
        """One is being begun."""
        self._begun.append(self._clock())
