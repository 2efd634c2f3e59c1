"""A person's page without a browser: sends and syncs exactly as the page's JavaScript does.

What was said is kept until the bot has acknowledged it and is sent again, with the same id, after
each reconnect; what was missed is read by `seq`. So it survives a bot that is killed at any time.
"""

import asyncio
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

import aiohttp

from tests.harness.shown import Card, Line, Post, card_from, line_from, post_from

FIRST_WAIT_S = 0.05  # the browser's page waits a little longer, since people do not notice
LONGEST_WAIT_S = 0.4
PATIENCE_S = 60.0  # a shared machine may pause for long; nothing waits this long when all is well

Frame = Mapping[str, Any]


class Refused(Exception):
    """The bot would not have a message or press, or answers no question; the text says why."""


class Page:
    """One channel on one page. As a context it is connected, and connects again by itself."""

    def __init__(
        self, url: str | Callable[[], str], *, channel: str = "general", name: str = "ana"
    ) -> None:
        """`url` as a function is asked before each connection."""
        self._url = url
        self.channel = channel
        self.name = name
        self.lines: dict[str, Line] = {}
        self.cards: dict[int, Card] = {}
        self.streams: dict[str, str] = {}
        self.seen: dict[str, float] = {}
        self.troubles: list[str] = []
        self.refused: dict[str, str] = {}
        self.pushed: Counter[str] = Counter()
        self.newest = 0
        self.connects = 0
        self._outgoing: dict[str, Frame] = {}
        self._refused_frames: dict[str, Frame] = {}
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._refs = 0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._moved = asyncio.Condition()
        self._behind = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._stay_connected(), name="page connection"),
            asyncio.create_task(self._keep_up(), name="page sync"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say(
        self,
        text: str,
        *,
        thread: str = "",
        reply_to: str | None = None,
        files: Sequence[Mapping[str, str]] = (),
    ) -> str:
        """Say something, with `files` that were uploaded; returns the message's id at once."""
        return self._send("message", thread, text=text, reply_to=reply_to, files=[*files])

    async def upload(self, name: str, content: bytes) -> Mapping[str, str]:
        """Send a file that a message may then name. Raises Refused."""
        url = (self._url if isinstance(self._url, str) else self._url()).rstrip("/")
        headers, query = {"Origin": url}, {"name": name}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{url}/upload", params=query, data=content, headers=headers) as answer,
        ):
            if answer.status != 200:
                raise Refused(await answer.text())
            return {"name": name, "handle": (await answer.json())["handle"]}

    def press(self, action: str, *, text: str | None = None, thread: str = "") -> str:
        """Press a button; returns the press's id at once."""
        return self._send("press", thread, action=action, text=text)

    def retry(self, id_: str) -> None:
        """Send again, with the same id, what the bot has refused."""
        del self.refused[id_]
        self._go(self._refused_frames.pop(id_))

    async def kept(self, id_: str) -> None:
        """Return when the bot has acknowledged a message or press. Raises Refused."""
        await self.until(lambda: id_ not in self._outgoing or id_ in self.refused)
        if id_ in self.refused:
            raise Refused(self.refused[id_])

    async def answer(self, id_: str, within_s: float = PATIENCE_S) -> Post:
        """The post that answers a message, or tells what a press did. Raises Refused."""
        await self.until(lambda: id_ in self.refused or self._answer(id_) is not None, within_s)
        found = self._answer(id_)
        if found is None:
            raise Refused(self.refused[id_])
        return found

    async def ask(self, text: str, *, thread: str = "", within_s: float = PATIENCE_S) -> Post:
        """Say something and return the answer."""
        return await self.answer(self.say(text, thread=thread), within_s)

    async def result(self, job: int, within_s: float = PATIENCE_S) -> Post:
        """The post that brings a job's result."""
        await self.until(lambda: bool(self.results(job)), within_s)
        return self.results(job)[0]

    async def card(
        self, job: int, fits: Callable[[Card], bool], within_s: float = PATIENCE_S
    ) -> Card:
        """The job's card as soon as it is as wanted."""
        await self.until(lambda: job in self.cards and fits(self.cards[job]), within_s)
        return self.cards[job]

    async def until(self, holds: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Return when something the bot says has made `holds` true."""
        async with self._moved:
            try:
                async with asyncio.timeout(within_s):
                    await self._moved.wait_for(holds)
            except TimeoutError:
                raise AssertionError(f"not within {within_s} s; {self.summary()}") from None

    async def look(self, what: str, **fields: object) -> Frame:
        """Ask the bot; the view as JSON has it. Raises Refused, ConnectionError."""
        if self._socket is None or self._socket.closed:
            raise ConnectionError("the page is not connected")
        self._refs += 1
        ref = self._refs
        answer = self._asked[ref] = asyncio.get_running_loop().create_future()
        asked = {"type": "look", "ref": ref, "what": what, "channel": self.channel} | fields
        await self._socket.send_str(json.dumps(asked))
        async with asyncio.timeout(PATIENCE_S):
            frame = await answer
        if frame["type"] == "unanswered":
            raise Refused(frame["text"])
        view: Frame = frame["view"]
        return view

    async def connected(self) -> None:
        """Return when the page is connected and has read what it missed."""
        before = self.connects if self._socket is None else self.connects - 1
        await self.until(lambda: self.connects > before and self._socket is not None)
        await self.sync()

    async def sync(self) -> None:
        """Read all lines after the newest known one, and the jobs."""
        while True:
            asked = dict(self.pushed)
            view = await self.look("messages", after=self.newest)
            for each in view["lines"]:
                line, known = line_from(each), self.lines.get(each["id"])
                if known is not None and self.pushed[line.id] != asked.get(line.id, 0):
                    # What came by itself meanwhile is newer than what was read.
                    line = replace(known, seq=line.seq)
                self.lines[line.id] = line
                self.newest = max(self.newest, line.seq)
            if not view["lines"] or self.newest >= view["newest"]:
                break
        for each in (await self.look("jobs"))["cards"]:
            self._add_card(card_from(each))
        await self._tell()

    @property
    def posts(self) -> list[Post]:
        """Every post known, in the order of the channel."""
        lines = sorted(self.lines.values(), key=lambda line: line.seq or 2**60)
        return [line.post for line in lines if line.post is not None]

    def results(self, job: int) -> list[Post]:
        """The result posts of a job; more than one is a fault of the bot."""
        return [post for post in self.posts if post.kind == "result" and post.job == job]

    def summary(self) -> str:
        """What the page shows, for a failure's text."""
        posts = [f"{post.id}: {post.text[:80]!r}" for post in self.posts]
        cards = [f"{card.job} {card.state} ({card.step})" for card in self.cards.values()]
        waiting = list(self._outgoing)
        return f"posts {posts}, cards {cards}, not kept {waiting}, refused {self.refused}"

    def _answer(self, id_: str) -> Post | None:
        for post in self.posts:
            if post.reply_to == id_ or post.id == f"reply:press:{id_}":
                return post
        return None

    def _send(self, kind: str, thread: str, **fields: object) -> str:
        id_ = secrets.token_hex(12)
        place = {"channel": self.channel, "thread": thread, "name": self.name}
        self._go({"type": kind, "id": id_, **place, **fields})
        return id_

    def _go(self, frame: Frame) -> None:
        self._outgoing[frame["id"]] = frame
        self._tasks.append(asyncio.create_task(self._off(frame), name="page send"))

    async def _off(self, frame: Frame) -> None:
        if self._socket is not None and not self._socket.closed:
            with suppress(ConnectionError):
                await self._socket.send_str(json.dumps(frame))

    async def _stay_connected(self) -> None:
        async with aiohttp.ClientSession() as session:
            tries = 0
            while True:
                with suppress(aiohttp.ClientError, ConnectionError):
                    url = (self._url if isinstance(self._url, str) else self._url()).rstrip("/")
                    async with session.ws_connect(
                        f"{url}/socket", origin=url, max_msg_size=0
                    ) as socket:
                        tries = 0
                        await self._hear_all(socket)
                self._lost()
                await asyncio.sleep(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**tries))
                tries += 1

    async def _hear_all(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._hear(json.loads(message.data), socket)

    def _lost(self) -> None:
        self._socket = None
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the connection was lost"))
                waiting.exception()
        self._asked.clear()

    async def _hear(self, frame: Frame, socket: aiohttp.ClientWebSocketResponse) -> None:
        match frame["type"]:
            case "welcome":
                await self._enter(socket)
            case "view" | "unanswered":
                answer = self._asked.pop(frame["ref"], None)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
                return
            case "kept":
                self._outgoing.pop(frame["id"], None)
            case "refused":
                refused = self._outgoing.pop(frame["id"], None)
                if refused is not None:
                    self._refused_frames[frame["id"]] = refused
                self.refused[frame["id"]] = frame["text"]
            case _ if frame.get("channel", self._channel_in(frame)) == self.channel:
                self._take(frame)
        await self._tell()

    @staticmethod
    def _channel_in(frame: Frame) -> object:
        return next((v["channel"] for v in frame.values() if isinstance(v, dict)), None)

    async def _enter(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.connects += 1
        for waiting in list(self._outgoing.values()):
            await self._off(waiting)
        await self._off({"type": "watch", "channel": self.channel, "thread": ""})
        self._behind.set()

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "said":
                line = line_from(frame["line"])
                self.lines.setdefault(line.id, line)
                self._behind.set()
            case "post":
                post = post_from(frame["post"])
                self.pushed[post.id] += 1
                known = self.lines.get(post.id)
                self.lines[post.id] = Line.of(post, known.seq if known else 0)
                self.streams.pop(post.id, None)
                self._behind.set()
            case "card":
                self._add_card(card_from(frame["card"]))
            case "seen":
                self.seen.setdefault(frame["message_id"], time.monotonic())
            case "stream":
                self.streams[frame["post_id"]] = re.sub("<[^>]+>", "", frame["html"])
            case "trouble":
                self.troubles.append(frame["text"])

    def _add_card(self, card: Card) -> None:
        known = self.cards.get(card.job)
        if known is None or card.version >= known.version:
            self.cards[card.job] = card

    async def _keep_up(self) -> None:
        while True:
            await self._behind.wait()
            self._behind.clear()
            with suppress(ConnectionError, Refused):
                await self.sync()

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()
