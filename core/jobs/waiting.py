"""When jobs that wait for an answer stop waiting: a timer each. Keeps nothing durably."""

import asyncio
from collections.abc import Callable

from core.jobs.admission import Ticket


class Waiting:
    """`over` is called once with each job whose time is up; `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float], over: Callable[[Ticket], None]) -> None:
        self._clock = clock
        self._over = over
        self._timers: dict[Ticket, asyncio.TimerHandle] = {}

    def add(self, ticket: Ticket, until: float) -> None:
        """The job waits until then, at the longest."""
        self.remove(ticket)
        wait = max(0.0, until - self._clock())
        self._timers[ticket] = asyncio.get_running_loop().call_later(wait, self._end, ticket)

    def remove(self, ticket: Ticket) -> bool:
        """The job waits no more; False when it did not."""
        timer = self._timers.pop(ticket, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _end(self, ticket: Ticket) -> None:
        del self._timers[ticket]
        self._over(ticket)
