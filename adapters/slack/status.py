"""How the connection to Slack is doing, for doctor and metrics. Counts; decides nothing."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A moment's view. `last_event` is in Unix seconds; `problem` says what to do, "" for none.

    `queue` counts items being delivered, `throttled_s` is time spent waiting for rate limits.
    """

    connected: bool
    last_event: float | None
    queue: int
    sends: int
    retries: int
    throttled_s: float
    problem: str


class Meter:
    """What the parts of the adapter write down as they work."""

    def __init__(self) -> None:
        self.connected = False
        self.last_event: float | None = None
        self.queue = 0
        self.sends = 0
        self.retries = 0
        self.throttled_s = 0.0
        self.problem = ""

    def heard(self) -> None:
        """Something came from Slack."""
        self.last_event = time.time()

    def status(self) -> Status:
        """All of it as of now."""
        return Status(
            connected=self.connected,
            last_event=self.last_event,
            queue=self.queue,
            sends=self.sends,
            retries=self.retries,
            throttled_s=self.throttled_s,
            problem=self.problem,
        )
