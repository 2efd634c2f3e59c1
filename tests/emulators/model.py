"""An OpenAI-compatible server on loopback which does what its script says. No intelligence.

As a library: `async with ModelServer(script) as server: server.base_url`. As a program:
`python -m tests.emulators.model --script FILE` (see `tests.emulators.script`) prints its port.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from aiohttp import web

from tests.emulators.listening import listening
from tests.emulators.script import Received, Reply, script_from

Script = Callable[[Received], Reply]
LARGEST_REQUEST = 256 * 2**20
_BETWEEN_BYTES_S = 0.02


class ModelServer:
    """Serves POST /v1/chat/completions; `received` holds every request, in order of arrival.

    `script` is a function, or replies to be used up one after another (then 500: script is over).
    `models` answers GET /v1/models, which many servers do not have.
    """

    def __init__(
        self, script: Script | Sequence[Reply], *, port: int = 0, models: Reply | None = None
    ) -> None:
        self.received: list[Received] = []
        self.abandoned = asyncio.Event()
        self._script = script if callable(script) else _one_after_another(script)
        self._port = port
        self._models = models
        self._arrived = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def base_url(self) -> str:
        """What a client is given as base_url."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_post("/v1/chat/completions", self._complete)
        if self._models is not None:
            app.router.add_get("/v1/models", self._list)
        # handler_cancellation: a client that hangs up is noticed, as a paying server would.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        self._port = await listening(self._runner, self._port, backlog=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def arrived(self, count: int) -> None:
        """Return when `count` requests have come in."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        assert self._models is not None
        received = Received(at=time.monotonic(), body={}, headers=dict(request.headers))
        self.received.append(received)
        if self._models.hang:
            await asyncio.Event().wait()
        return await _answer(request, received, self._models)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        received = Received(
            at=time.monotonic(), body=await request.json(), headers=dict(request.headers)
        )
        self.received.append(received)
        async with self._arrived:
            self._arrived.notify_all()
        reply = self._script(received)
        try:
            await asyncio.sleep(reply.latency_s)
            if reply.gate is not None:
                await reply.gate.wait()
            if reply.drip is not None:
                await _drip(request, received, reply.drip)
            if reply.hang:
                await asyncio.Event().wait()
            return await _answer(request, received, reply)
        except asyncio.CancelledError:
            self.abandoned.set()
            raise


def _one_after_another(replies: Sequence[Reply]) -> Script:
    left = iter(replies)

    def script(_: Received) -> Reply:
        return next(left, Reply(status=500, body="the script is over"))

    return script


async def _answer(request: web.Request, received: Received, reply: Reply) -> web.StreamResponse:
    if reply.body is None and received.stream and not reply.ignore_stream:
        return await _stream(request, received, reply)
    raw = reply.body
    if raw is None:
        raw = json.dumps(reply.completion(received))
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.content_type = reply.content_type or "application/json"
    if reply.cut_after is None:
        response.content_length = len(raw.encode())
    await response.prepare(request)
    await response.write(raw.encode()[: reply.cut_after])
    if reply.cut_after is not None:
        _cut(request)
    return response


async def _stream(request: web.Request, received: Received, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.content_type = reply.content_type or "text/event-stream"
    await response.prepare(request)
    for number, chunk in enumerate(reply.chunks(received)):
        if reply.cut_after is not None and number >= reply.cut_after:
            _cut(request)
            return response
        if number:
            await asyncio.sleep(reply.piece_latency_s)
        await response.write(b"data: " + chunk.encode() + b"\n\n")
    return response


async def _drip(request: web.Request, received: Received, text: str) -> None:
    response = web.StreamResponse()
    response.content_type = "text/event-stream" if received.stream else "application/json"
    await response.prepare(request)
    while text:
        for byte in text.encode():
            await response.write(bytes([byte]))
            await asyncio.sleep(_BETWEEN_BYTES_S)
    await asyncio.Event().wait()


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _recording(script: Script, path: Path) -> Script:
    """The same script, with each request appended to a file of JSON lines before it is answered."""

    def recorded(received: Received) -> Reply:
        with path.open("a") as file:
            file.write(json.dumps({"at": received.at, "body": received.body}) + "\n")
        return script(received)

    return recorded


async def _serve(port: int, script: Script) -> None:
    async with ModelServer(script, port=port) as server:
        print(server.port, flush=True)  # noqa: T201 - the parent process reads it
        await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, help="a JSON file of rules")
    parser.add_argument("--record", type=Path, help="append each request to this file")
    arguments = parser.parse_args()
    document = json.loads(arguments.script.read_text()) if arguments.script else {}
    script = script_from(document)
    if arguments.record:
        script = _recording(script, arguments.record)
    asyncio.run(_serve(arguments.port, script))


__all__ = ["ModelServer", "Received", "Reply", "Script", "script_from"]

if __name__ == "__main__":
    main()
