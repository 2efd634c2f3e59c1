"""How the connection is doing, for metrics and `doctor`. Counts only."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Status:
    """`problem` says in words why there is no connection, "" when there is nothing to say.

    `last_event` is in Unix seconds; `queue` is what waits, inbound and outbound; `sends` counts
    requests, `retries` those made again, `throttled_s` is how long limits made requests wait.
    """

    connected: bool = False
    problem: str = "not started"
    last_event: float | None = None
    queue: int = 0
    sends: int = 0
    retries: int = 0
    throttled_s: float = 0.0

    def heard(self) -> None:
        """Something came from the platform."""
        self.last_event = time.time()
