"""Updates on their way to the bot: numbered, kept until confirmed, polled or pushed."""

import asyncio
from typing import Any

import aiohttp

from tests.emulators.telegram.refusal import Refusal


class Updates:
    """The queue of one bot. An update is gone once a poll asks for a later one, or a push is 200.

    `again` gives out each update so many times more, `shuffled` in reversed order: Telegram may.
    """

    def __init__(self) -> None:
        self.pending: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {}
        self.pushed: list[int] = []
        self.polls = 0
        self.conflicts = 0
        self.shuffled = False
        self._last = 1000
        self._polling: asyncio.Event | None = None
        self._cut: asyncio.Event | None = None
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def push(self, update: dict[str, Any]) -> None:
        """A new update."""
        self._last += 1
        self.repeat({"update_id": self._last} | update)

    def repeat(self, update: dict[str, Any]) -> None:
        """An update that may have been given out before."""
        self.pending.append(update)
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def poll(self, offset: int, limit: int, wait_s: float) -> list[dict[str, Any]]:
        """getUpdates. Raises Refusal (409) for the earlier of two polls, and beside a webhook."""
        self.polls += 1
        if self.webhook.get("url"):
            self.conflicts += 1
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._polling is not None:
            self._polling.set()
        mine = self._polling = asyncio.Event()
        self.pending = [one for one in self.pending if one["update_id"] >= offset]
        await self.notice()
        try:
            async with self._changed:
                try:
                    async with asyncio.timeout(wait_s):
                        await self._changed.wait_for(lambda: bool(self.pending) or mine.is_set())
                except TimeoutError:
                    return []
        finally:
            if self._polling is mine:
                self._polling = None
        if mine is self._cut:
            return []
        if mine.is_set():
            self.conflicts += 1
            raise Refusal(409, "Conflict: terminated by other getUpdates request")
        given = self.pending[:limit]
        return given[::-1] if self.shuffled else given

    async def cut(self) -> None:
        """Nobody hears the answer of the poll that waits now: it is over."""
        if self._polling is not None:
            self._cut = self._polling
            self._polling.set()
        await self.notice()

    async def unconfirmed(self, count: int = 0) -> None:
        """Wait until only so many updates are not confirmed."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.pending) <= count)

    async def polled(self, count: int) -> None:
        """Wait until getUpdates was called so often."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.polls >= count)

    async def notice(self) -> None:
        """Something changed; wake who waits."""
        async with self._changed:
            self._changed.notify_all()

    async def _tell(self) -> None:
        await self.notice()
        if self.webhook.get("url"):
            await self._deliver()

    async def _deliver(self) -> None:
        async with aiohttp.ClientSession() as session:
            for update in list(self.pending):
                headers = {}
                if self.webhook.get("secret_token"):
                    headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook["secret_token"]
                url = self.webhook["url"]
                async with session.post(url, json=update, headers=headers) as answer:
                    self.pushed.append(answer.status)
                    if answer.status == 200 and update in self.pending:
                        self.pending.remove(update)
        await self.notice()
