"""Socket Mode: keeps a connection to Slack, hands its envelopes on, acknowledges what was kept.

Not the library's client: that one waits ten seconds after a broken connection, closes the old one
before it opens the next, and acknowledges nothing later than it likes. See decision 150.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_bolt.response import BoltResponse

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.status import Meter

log = structlog.get_logger(__name__)

Dispatch = Callable[[Mapping[str, Any], int], Awaitable[BoltResponse]]

_HELLO_S = 15.0
_HEARTBEAT_S = 10.0
_FAREWELL_S = 60.0
_PATIENCE_S = 30.0  # Slack sends an event again at once, and after a minute
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 30.0
_FLEETING_S = 1.0
_FLAPPING_WAIT_S = 1.0
_KINDS = ("events_api", "interactive", "slash_commands")
_NO_WAY = {"invalid_auth", "not_authed", "token_revoked", "account_inactive", "link_disabled"}


@dataclass(slots=True)
class _Link:
    """One connection. `leaving` is set when the next one is to be made."""

    socket: aiohttp.ClientWebSocketResponse
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    greeted: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """Connects, and connects again, until it is cancelled."""

    def __init__(
        self, api: Api, app_token: str, dispatch: Dispatch, meter: Meter,
        deaf: Callable[[float], None], second: float = 1.0,
    ) -> None:  # fmt: skip
        """`deaf` is told since when (Unix seconds) there was no connection, once there is one again
        after longer than Slack sends an event again."""
        self._deaf = deaf
        self._patience_s = _PATIENCE_S * second
        self._lost_at: float | None = None
        self._api = api
        self._app_token = app_token
        self._dispatch = dispatch
        self._meter = meter
        self._work: set[asyncio.Task[None]] = set()
        self._open = 0

    async def run(self) -> None:
        """Never returns; a broken connection is followed by the next one at once, one that never
        stood after a growing wait."""
        wait = _FIRST_WAIT_S
        try:
            while True:
                begun = time.monotonic()
                served = await self._served()
                if served and time.monotonic() - begun > _FLEETING_S:
                    wait = _FIRST_WAIT_S
                    continue
                # Slack counts how often it is asked for an address: a connection that is cut as
                # soon as it stands is not asked for without end.
                most = _FLAPPING_WAIT_S if served else _LONGEST_WAIT_S
                await asyncio.sleep(min(wait, most) * random.uniform(0.8, 1.2))  # noqa: S311
                wait = min(2 * wait, _LONGEST_WAIT_S)
        finally:
            self._meter.connected = False
            for task in self._work:
                task.cancel()
            if self._work:
                await asyncio.wait(self._work)

    async def _served(self) -> bool:
        """Hold one connection until it is left. False when Slack never greeted on it."""
        try:
            link = await self._connect()
        except (Refused, Unclear, Busy, aiohttp.ClientError, TimeoutError, OSError) as error:
            self._trouble(error)
            return False
        reading = self._spawn(self._read(link), "slack socket")
        try:
            async with asyncio.timeout(_HELLO_S):
                await link.greeted.wait()
        except TimeoutError:
            await link.socket.close()
        if link.greeted.is_set():
            # An old connection goes on reading while the next is made: nothing falls between.
            await link.leaving.wait()
            return not self._meter.problem
        reading.cancel()
        return False

    async def _connect(self) -> _Link:
        answer = await self._api.call("apps.connections.open", token=self._app_token)
        socket = await self._api.session.ws_connect(
            str(answer.get("url")), heartbeat=_HEARTBEAT_S, max_msg_size=16_000_000
        )
        return _Link(socket=socket)

    async def _read(self, link: _Link) -> None:
        greeted = False
        try:
            async for frame in link.socket:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    continue
                if not greeted and _parsed(frame.data).get("type") == "hello":
                    greeted = True
                    self._greeted(link)
                else:
                    self._take(frame.data, link)
        finally:
            if greeted:
                self._open -= 1
                self._meter.connected = self._open > 0
                self._lost_at = None if self._open else time.time()
            link.leaving.set()
            if not link.socket.closed:
                await link.socket.close()

    def _greeted(self, link: _Link) -> None:
        if self._lost_at is not None and time.time() - self._lost_at > self._patience_s:
            self._deaf(self._lost_at)
        self._lost_at = None
        self._open += 1
        self._meter.connected, self._meter.problem = True, ""
        link.greeted.set()
        log.info("connected to Slack")

    def _take(self, data: str, link: _Link) -> None:
        envelope = _parsed(data)
        match envelope.get("type"):
            case "disconnect":
                self._leave(str(envelope.get("reason")), link)
            case "hello":
                pass
            case _:
                # A task each: one channel's slow event must not hold back another's. They begin in
                # this order, and the intake keeps it per channel.
                self._spawn(self._answer(envelope, link), "slack envelope")

    def _leave(self, reason: str, link: _Link) -> None:
        if reason in _NO_WAY:
            self._meter.problem = "Socket Mode was switched off for the app: switch it on again"
        link.leaving.set()
        self._spawn(_closed_later(link), "slack farewell")

    async def _answer(self, envelope: Mapping[str, Any], link: _Link) -> None:
        id, payload = envelope.get("envelope_id"), envelope.get("payload")
        if not isinstance(id, str):
            return
        frame: dict[str, Any] = {"envelope_id": id}
        # What is of a kind that nobody knows yet is acknowledged, or it would come again.
        if envelope.get("type") in _KINDS and isinstance(payload, Mapping):
            retry = envelope.get("retry_attempt")
            response = await self._dispatch(payload, retry if isinstance(retry, int) else 0)
            if response.status >= 500:
                return  # not kept: Slack sends it again
            if response.body.startswith("{"):
                frame["payload"] = json.loads(response.body)
        try:
            await link.socket.send_str(json.dumps(frame))
        except (ConnectionError, aiohttp.ClientError):
            log.info("could not acknowledge; it will come again and be known")

    def _trouble(self, error: Exception) -> None:
        if isinstance(error, Refused) and error.error in _NO_WAY:
            self._meter.problem = (
                f"Slack does not accept the app token ({error.error}): make a new one with the"
                " scope connections:write"
            )
        log.warning("cannot connect to Slack, will try again", error=str(error))

    def _spawn(self, work: Any, name: str) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._work.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._work.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a task of the socket ended with a bug", exc_info=error)


async def _closed_later(link: _Link) -> None:
    """Slack closes the connection itself; if it forgets, it is done for it."""
    await asyncio.sleep(_FAREWELL_S)
    await link.socket.close()


def _parsed(data: str) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
