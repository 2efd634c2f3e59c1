"""One platform's life: comes up beside everything else, is told about, ends in time. Names none."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.health import Health, PlatformAdapter
from core.errors import DeliveryFailed, DeliveryRefused, ThawError, said
from core.messages import ChannelRef, Hint, Outbound

log = structlog.get_logger(__name__)

_PATIENCE_S = 30.0
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 300.0
_GRACE_S = 1.0
_STOPPING_S = 2.5


class Platform:
    """Implements core.ports.Adapter and Warner from the first moment: what is delivered before the
    platform is up waits for it, and nothing else does.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], PlatformAdapter],
        *,
        patience_s: float = _PATIENCE_S,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        """`make` loads the platform's library and runs on a thread; it may fail."""
        self.name = name
        self._make = make
        self._patience_s = patience_s
        self._first_wait_s = first_wait_s
        self._adapter: PlatformAdapter | None = None
        self._up = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._problem = "it is just starting"

    def start(self) -> None:
        """Bring it up in the background, again until it comes up."""
        self._starting = asyncio.create_task(self._come_up(), name=f"start {self.name}")

    async def stop(self) -> None:
        """Leave it, within a bound: one that hangs holds up nobody's end. Once is enough."""
        if self._leaving:
            return
        self._leaving = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._adapter is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                # Cut off, nobody could say whether it is out, and it might be shown twice.
                await self._idle.wait()
        try:
            async with asyncio.timeout(_STOPPING_S):
                await self._adapter.stop()
        except TimeoutError:
            log.warning("a platform did not stop in time", platform=self.name)
        except Exception:
            # Around one platform: the others still have to be left.
            log.exception("a platform did not stop well", platform=self.name)

    async def deliver(self, item: Outbound) -> Awaitable[None] | None:
        """See the port."""
        await self._up.wait()
        assert self._adapter is not None
        if self._leaving:
            raise DeliveryFailed("the bot stops")
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._adapter.deliver(item)
        except (DeliveryFailed, DeliveryRefused):
            raise
        except Exception as error:
            if self._leaving:
                raise DeliveryFailed("the bot stops") from error
            raise
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See the port."""
        await self._up.wait()
        assert self._adapter is not None
        await self._adapter.warn(person, channel, error)

    async def show(self, hint: Hint) -> None:
        """See the port."""
        if self._adapter is None:
            return
        try:
            await self._adapter.show(hint)
        except Exception:
            # Around one hint: a bug of a platform must not end the turn that hints.
            log.exception("a hint was not shown", platform=self.name)

    @property
    def health(self) -> Health:
        """How it is doing now."""
        if self._adapter is None:
            return Health(name=self.name, problem=self._problem)
        status = self._adapter.status
        return Health(
            name=self.name,
            connected=status.connected,
            last_event=status.last_event,
            queue=status.queue,
            sends=status.sends,
            retries=status.retries,
            throttled_s=status.throttled_s,
            problem=status.problem,
        )

    async def _come_up(self) -> None:
        wait = self._first_wait_s
        while not await self._came_up():
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _came_up(self) -> bool:
        try:
            async with asyncio.timeout(self._patience_s):
                # Loading a library takes a second, which nobody else should wait.
                adapter = await asyncio.to_thread(self._make)
                await adapter.start()
        except TimeoutError:
            self._problem = f"it did not start within {self._patience_s:g} s"
        except ThawError as error:
            self._problem = str(error)
        except Exception as error:
            # Around one platform: the others are served whatever this one's library does.
            log.exception("a platform broke at its start", platform=self.name)
            self._problem = f"it broke at its start: {said(error)}"
        else:
            self._adapter = adapter
            self._up.set()
            return True
        log.error("a platform is not served yet", platform=self.name, problem=self._problem)
        return False
