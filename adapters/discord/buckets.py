"""The library's rate limit of one route, which lets through what may be sent. Sends nothing."""

import time

from discord.http import HTTPClient, Ratelimit

_CLEARED_EVERY_S = 60.0


class Bucket(Ratelimit):
    """The library refuses whatever goes to a route whose window is longer than the longest wait,
    also while the window has room: a second thread within five minutes of the first."""

    __slots__ = ()

    async def acquire(self) -> None:
        """Return when one request may go. Raises RateLimited if that takes too long."""
        if self.remaining > 0 and not self.is_expired():
            self._last_request = self._loop.time()
            self.remaining -= 1
            self.outgoing += 1
        else:
            await super().acquire()

    async def __aexit__(self, *how: object) -> None:
        room = self.remaining - self.outgoing + 1
        if room > 0 and not self._sleeping.locked():
            self.outgoing -= 1
            self._wake(room)
        else:
            await super().__aexit__(*how)  # type: ignore[arg-type, type-var]


def clear_seldom(http: HTTPClient) -> None:
    """Let the client look for limits that nobody uses now and then only. By itself it looks at all
    of them with each new one, and each thread has some: where many begin, that is most of its
    time."""
    clear, last = http._try_clear_expired_ratelimits, time.monotonic()  # noqa: SLF001

    def seldom() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _CLEARED_EVERY_S:
            last = now
            clear()

    http._try_clear_expired_ratelimits = seldom  # type: ignore[method-assign]  # noqa: SLF001
