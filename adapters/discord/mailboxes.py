"""Events in order, channel by channel: one that takes long holds up its own channel only."""

from collections import deque
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]
Spawn = Callable[[Awaitable[None], str], object]

_MOST = 20_000


class Mailboxes:
    """Runs what is put in, one after another under each key."""

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._boxes: dict[str, deque[Work]] = {}
        self.waiting = 0

    def put(self, key: str, work: Work) -> None:
        """Do this when what came before under the key is done."""
        if self.waiting >= _MOST:
            # The core has not taken anything for long; memory must not go the same way.
            log.error("an event of Discord was dropped: too many wait", key=key)
            return
        self.waiting += 1
        box = self._boxes.get(key)
        if box is not None:
            box.append(work)
            return
        self._boxes[key] = deque([work])
        self._spawn(self._run(key), f"discord events {key}")

    async def _run(self, key: str) -> None:
        box = self._boxes[key]
        try:
            while box:
                work = box.popleft()
                self.waiting -= 1
                try:
                    await work()
                except Exception:
                    # Around one event: those behind it must not suffer from it.
                    log.exception("an event of Discord broke", key=key)
        finally:
            self.waiting -= len(box)
            del self._boxes[key]
