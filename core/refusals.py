"""Word to the admins that something can never be shown where it belongs. Shows nothing itself."""

import asyncio
import random
import re
import time
from collections import deque
from collections.abc import Callable, Mapping

import structlog

from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Card, ChannelRef, Outbound, Post, ThreadRef
from core.ports import Warner
from core.rights import Access
from core.tasks import Spawn

log = structlog.get_logger(__name__)

_AGAIN_S = 86_400.0
_HOUR_S = 3600.0
_MOST_AN_HOUR = 10
_TRIES = 6
_LONGEST_WAIT_S = 3600.0
_NUMBERS = re.compile(r"\d+")


class Refusals:
    """Each cause in a channel is told once a day, and few of a platform in an hour: where many
    people leave at once, the log has the rest. Who is not reached in some tries is given up."""

    def __init__(
        self,
        access: Mapping[str, Access],
        warners: Mapping[str, Warner],
        spawn: Spawn,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_wait_s: float = 5.0,
    ) -> None:
        self._access = access
        self._warners = warners
        self._spawn = spawn
        self._clock = clock
        self._first_wait_s = first_wait_s
        self._told: dict[tuple[ChannelRef, str], float] = {}
        self._lately: dict[str, deque[float]] = {}

    def refused(self, thread: ThreadRef, item: Outbound | None, error: str) -> None:
        """The item will never be shown; returns at once. Who asked is told by the adapter."""
        if isinstance(item, Card):
            return  # its job's result follows it, and says who asked
        channel = thread.channel
        warner, access = self._warners.get(channel.platform), self._access.get(channel.platform)
        if warner is None or access is None or not access.admins:
            return
        if not self._is_new(channel, _NUMBERS.sub("", error)):
            return
        asker = item.mention.id if isinstance(item, Post) and item.mention else ""
        for admin in sorted(access.admins - {asker}):
            self._spawn(self._warn(warner, admin, channel, error), f"warn {admin} of {channel}")

    def _is_new(self, channel: ChannelRef, cause: str) -> bool:
        now = self._clock()
        self._told = {one: at for one, at in self._told.items() if now - at < _AGAIN_S}
        lately = self._lately.setdefault(channel.platform, deque())
        while lately and now - lately[0] >= _HOUR_S:
            lately.popleft()
        if (channel, cause) in self._told or len(lately) >= _MOST_AN_HOUR:
            return False
        self._told[channel, cause] = now
        lately.append(now)
        return True

    async def _warn(self, warner: Warner, admin: str, channel: ChannelRef, error: str) -> None:
        wait, problem = self._first_wait_s, ""
        for _ in range(_TRIES):
            try:
                await warner.warn(admin, channel, error)
                return
            except DeliveryRefused as refusal:
                problem = str(refusal)
                break
            except DeliveryFailed as failure:
                problem = str(failure)
                # Not all at once.
                some = wait * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
                await asyncio.sleep(min(failure.retry_after_s or some, _LONGEST_WAIT_S))
                wait *= 2
        log.warning("an admin is not told", admin=admin, channel=str(channel), error=problem)
