"""Whether a platform takes nothing at all, and who waits for the end of that. Sends nothing."""

import asyncio
import random
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

_MANY = 3
"""So many failures with nothing taken in between are the platform's, and not one thread's."""
_WAKES_S = 50
"""So many threads wake in a second when it is over: all at once would be a flood."""
_LINE_S = 60.0
"""In an outage one line of the log so often stands for what hundreds of threads tried in vain."""


class Outage:
    """One platform's. Threads that wait for another try need not wait long once it takes things."""

    def __init__(self) -> None:
        self._failed = 0
        self._resting = 0
        self._over = asyncio.Event()
        self._untold = 0
        self._line_at = 0.0

    def failed(self) -> None:
        """The platform did not take something, and gave no word on when it would."""
        self._failed += 1

    def tell(self, **fields: str) -> None:
        """Log that something was not sent."""
        if self._failed < _MANY:
            log.warning("not sent, will try again", **fields)
            return
        self._untold += 1
        now = asyncio.get_running_loop().time()
        if now >= self._line_at:
            log.warning("nothing is sent now, will try again", tries=self._untold, **fields)
            self._untold, self._line_at = 0, now + _LINE_S

    def took(self, platform: str) -> None:
        """It took something."""
        if self._failed >= _MANY:
            log.info("a platform takes what is sent again", platform=platform)
            self._untold, self._line_at = 0, 0.0
            self._over.set()
            self._over = asyncio.Event()
        self._failed = 0

    async def rest(self, seconds: float) -> None:
        """Return when so much time is over, or soon after the outage is."""
        self._resting += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._over.wait()
                    spread = self._resting / _WAKES_S
                    await asyncio.sleep(random.uniform(0.0, spread))  # noqa: S311 - no secret
        finally:
            self._resting -= 1
