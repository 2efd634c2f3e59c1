"""What is known of the connection, for health, doctor and metrics. Counts; decides nothing."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Status:
    """Changes in place. `last_event` is in Unix seconds, `queue` counts items being delivered.

    `problem` says what is wrong now and what to do about it; "" when all is well.
    """

    connected: bool = False
    last_event: float | None = None
    queue: int = 0
    sends: int = 0
    retries: int = 0
    throttled_s: float = 0.0
    problem: str = ""
