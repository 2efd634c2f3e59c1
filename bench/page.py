"""A page that notes when each frame arrives. Shows nothing, survives nothing."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Frame = Mapping[str, Any]
PATIENCE_S = 120.0


class Page:
    """One connection of one channel; times are seconds of the monotonic clock."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, channel: str) -> None:
        self._socket = socket
        self._channel = channel
        self._waiting: dict[asyncio.Future[tuple[float, Frame]], Callable[[Frame], bool]] = {}

    async def say(self, text: str, thread: str = "", channel: str = "") -> tuple[str, float]:
        """Say something, here or in another channel; returns its id and when it was sent."""
        return await self._send("message", thread, channel, text=text)

    async def press(self, action: str, thread: str = "") -> tuple[str, float]:
        """Press a button; returns the press's id and when it was sent."""
        return await self._send("press", thread, action=action)

    async def watch(self, thread: str) -> None:
        """Say which thread is looked at, so that its answers are streamed."""
        await self._send("watch", thread)

    async def _send(
        self, kind: str, thread: str, channel: str = "", **fields: str
    ) -> tuple[str, float]:
        id_ = secrets.token_hex(12)
        place = {"channel": channel or self._channel, "thread": thread, "name": "ana"}
        frame = json.dumps({"type": kind, "id": id_, **place, **fields})
        sent = time.monotonic()
        await self._socket.send_str(frame)
        return id_, sent

    def frame(self, fits: Callable[[Frame], bool]) -> "asyncio.Future[tuple[float, Frame]]":
        """The next frame that fits, with the time of its arrival; counted from this call on."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = fits
        return waiting

    async def ask(
        self, text: str, thread: str = "", channel: str = ""
    ) -> tuple[float, float, Frame]:
        """Say something; returns when it was sent, when its answer came, and that post."""
        known: list[str] = []
        answer = self.frame(lambda f: f["type"] == "post" and f["post"]["reply_to"] in known)
        id_, sent = await self.say(text, thread, channel)
        known.append(id_)
        came, frame = await arrived(answer)
        return sent, came, frame["post"]

    async def hear(self) -> None:
        """Take frames until the connection ends."""
        async for message in self._socket:
            came = time.monotonic()
            frame = json.loads(message.data)
            for waiting, fits in list(self._waiting.items()):
                if waiting.done():
                    del self._waiting[waiting]
                elif fits(frame):
                    waiting.set_result((came, frame))
                    del self._waiting[waiting]


async def arrived(frame: "asyncio.Future[tuple[float, Frame]]") -> tuple[float, Frame]:
    """When a frame came, and the frame."""
    async with asyncio.timeout(PATIENCE_S):
        return await frame


def is_result(job: int, frame: Frame) -> bool:
    """Whether the frame brings the result of that job."""
    if frame["type"] != "post":
        return False
    post = frame["post"]
    return bool(post["kind"] == "result" and post["job"] == job)


@asynccontextmanager
async def connected(url: str, channel: str = "general", thread: str = "") -> AsyncIterator[Page]:
    """A page of the bot at `url` that looks at one thread, for as long as the context lasts."""
    origin = url.rstrip("/")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{origin}/socket", origin=origin, max_msg_size=0) as socket,
    ):
        page = Page(socket, channel)
        hearing = asyncio.create_task(page.hear(), name="page")
        await page.watch(thread)
        try:
            yield page
        finally:
            hearing.cancel()
