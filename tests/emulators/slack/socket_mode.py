"""Socket Mode: connections by one-time address, envelopes, acknowledgements, redelivery."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

from aiohttp import WSMsgType, web

_ids = itertools.count(1)


class SocketMode:
    """The sockets of one app. `redelivery` are the waits before each further try of an event."""

    def __init__(self, redelivery: Sequence[float], ack_s: float) -> None:
        self.redelivery = redelivery
        self.ack_s = ack_s
        self.opened = 0
        self.acked: list[str] = []
        self.silent = False
        self.arrived = asyncio.Event()
        self.hellos = True
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._turn = itertools.count()

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    def ticket(self) -> str:
        """The secret part of a new address; good for one connection."""
        ticket = f"ticket-{next(_ids)}"
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404, text="no such link")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=not self.silent)
        await socket.prepare(request)
        self.opened += 1
        if self.hellos:
            hello = {"type": "hello", "num_connections": len(self._open) + 1}
            await socket.send_str(json.dumps(hello))
            self._open.append(socket)
            self.arrived.set()
            self.arrived = asyncio.Event()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(frame.data))
        finally:
            if socket in self._open:
                self._open.remove(socket)
        return socket

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Any:
        """Send until it is acknowledged; returns the payload of the acknowledgement.

        Only events come again; a slash command or a press is lost as it is with Slack.
        """
        waits = [0.0, *self.redelivery] if kind == "events_api" else [0.0]
        for attempt, wait in enumerate(waits):
            await asyncio.sleep(wait)
            try:
                return await self.once(kind, payload, attempt)
            except (TimeoutError, ConnectionError):
                continue
        raise TimeoutError(f"{kind} was never acknowledged")

    async def once(self, kind: str, payload: dict[str, Any], attempt: int = 0) -> Any:
        """Send one envelope. Raises TimeoutError without its acknowledgement in time."""
        if not self._open:
            raise ConnectionError("nobody is connected")
        socket = self._open[next(self._turn) % len(self._open)]
        id = f"envelope-{next(_ids)}"
        envelope = {
            "envelope_id": id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        answered = self._acks[id] = asyncio.get_running_loop().create_future()
        await socket.send_str(json.dumps(envelope))
        return await asyncio.wait_for(answered, self.ack_s)

    async def ask_to_leave(self, reason: str = "refresh_requested") -> None:
        """Tell every socket to reconnect, as Slack does every few hours."""
        for socket in tuple(self._open):
            await socket.send_str(json.dumps({"type": "disconnect", "reason": reason}))
            self._open.remove(socket)

    async def cut(self) -> None:
        """Break every connection without a word."""
        for socket in tuple(self._open):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
            if socket in self._open:
                self._open.remove(socket)

    async def send_raw(self, text: str) -> None:
        """Send any text to every socket."""
        for socket in tuple(self._open):
            await socket.send_str(text)

    def _acknowledged(self, frame: dict[str, Any]) -> None:
        id = frame.get("envelope_id", "")
        answered = self._acks.pop(id, None)
        if answered is not None and not answered.done():
            self.acked.append(id)
            answered.set_result(frame.get("payload"))
