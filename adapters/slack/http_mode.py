"""Events over HTTP: listens for Slack's signed requests. Knows no payload."""

import asyncio

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from adapters.slack.bolt_app import nonsense
from adapters.slack.status import Meter

log = structlog.get_logger(__name__)

_RETRY_S = 10.0
_CLOSING_S = 2.0


class HttpMode:
    """Serves one path. Each request's signature and age are checked before anything reads it: Bolt
    reads it first, and breaks on what it cannot read."""

    def __init__(self, host: str, port: int, path: str, secret: str, meter: Meter) -> None:
        self._signed = SignatureVerifier(secret)
        self._host = host
        self._port = port
        self._path = path
        self._meter = meter
        self.listening = asyncio.Event()
        self.tried = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens, once it does."""
        return f"http://{self._host}:{self._port}{self._path}"

    async def run(self, app: AsyncApp) -> None:
        """Listen until cancelled. Never returns; a port that is taken is tried again."""
        server = app.server(port=self._port, path=self._path, host=self._host)
        server.web_app.middlewares.append(self._checked)
        runner = web.AppRunner(
            server.web_app, access_log=None, shutdown_timeout=_CLOSING_S, handle_signals=False
        )
        await runner.setup()
        try:
            listens = await self._listen(runner)
            self.tried.set()
            while not listens:
                await asyncio.sleep(_RETRY_S)
                listens = await self._listen(runner)
            await asyncio.Event().wait()
        finally:
            self._meter.connected = False
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> bool:
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            self._meter.problem = (
                f"cannot listen on {self._host} port {self._port} ({error.strerror or error}):"
                " end what uses it, or set [slack] port"
            )
            log.error("no port for Slack's requests", error=self._meter.problem)
            return False
        self._port = int(runner.addresses[0][1])
        self._meter.connected, self._meter.problem = True, ""
        self.listening.set()
        log.info("listening for Slack", url=self.url)
        return True

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            sound = self._signed.is_valid_request(await request.read(), request.headers)
        except (ValueError, TypeError):
            sound = False  # a time that is no number, a signature that is no text
        if not sound:
            return web.json_response({"error": "invalid request"}, status=401)
        try:
            response = await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - Bolt breaks in many ways on odd payloads
            return web.Response(status=nonsense(error).status)
        if response.status == 404 and request.path == self._path:
            # Bolt's word for a payload that nobody listens for; Slack's address is right.
            return web.json_response({"error": "not a payload of Slack's"}, status=400)
        return response
