"""How often something was done and how long it took. Counts only."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Tally:
    """Since the start; `longest_s` is the longest of them."""

    count: int = 0
    seconds: float = 0.0
    longest_s: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count what is done inside, however it ends."""
        begun = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - begun
            self.count += 1
            self.seconds += took
            self.longest_s = max(self.longest_s, took)
