"""Work that people do not watch waits while the event loop is busy with what they do."""

import asyncio
import time

# So long a round of the loop may take before what can wait waits.
BUSY_S = 0.008
# Nothing waits for longer: where there is no rest, all still has to get on.
LONGEST_S = 0.1


async def calm(longest_s: float = LONGEST_S, busy_s: float = BUSY_S) -> None:
    """Return after a round of the event loop that took less than `busy_s` seconds, or after
    `longest_s`."""
    began = before = time.monotonic()
    while True:
        await asyncio.sleep(0)
        now = time.monotonic()
        if now - before < busy_s or now - began >= longest_s:
            return
        before = now
