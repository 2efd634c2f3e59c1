"""The web page as the core's adapter: the server's life, and items and hints to the pages."""

import asyncio
import errno
from collections.abc import Iterable
from contextlib import suppress

from aiohttp import WSCloseCode, web

from adapters.web.assets import Downloads, asset
from adapters.web.connection import Connection
from adapters.web.guard import bracketed, dress, hosts, loopback, middleware
from adapters.web.hub import Hub
from adapters.web.rendering import Rendering
from adapters.web.uploads import Uploads
from core.errors import ThawError
from core.messages import Hint, Outbound
from core.ports import Door, Window

_CLOSING_S = 2.0


class WebAdapter:
    """Serves the local page on a loopback address. Implements core.ports.Adapter."""

    def __init__(
        self, door: Door, window: Window, host: str, port: int, name: str,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:  # fmt: skip
        """`port` 0 takes any free one; `routes` are served beside the page's own.

        Raises ThawError for an address that is not loopback.
        """
        self._door = door
        self._window = window
        self._host = loopback(host)
        self._port = port
        self._name = name
        self._routes = tuple(routes)
        self._rendering = Rendering()
        self._hub = Hub(self._rendering)
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._painter: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the page is, once started."""
        return f"http://{bracketed(self._host)}:{self._port}/"

    async def start(self) -> None:
        """Listen. Raises ThawError when the port cannot be had."""
        runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=_CLOSING_S, handle_signals=False
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise _no_port(self._host, self._port, error) from error
        self._port = int(runner.addresses[0][1])
        self._runner = runner
        self._painter = asyncio.create_task(self._hub.run(), name="web painter")

    async def stop(self) -> None:
        """Say goodbye to the pages and stop listening."""
        if self._runner is None or self._painter is None:
            return
        self._painter.cancel()
        with suppress(asyncio.CancelledError):
            await self._painter
        closing = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the bot stops")
            for socket in self._sockets
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await asyncio.gather(*closing)
        await self._runner.cleanup()
        self._runner = self._painter = None

    async def deliver(self, item: Outbound) -> None:
        """Hand a durable item to every page; one that is away reads it from the store later."""
        await self._hub.item(item)

    async def show(self, hint: Hint) -> None:
        """Hand a hint to the pages it concerns, soon."""
        self._hub.hint(hint)

    def _application(self) -> web.Application:
        guard = middleware(lambda: hosts(self._host, self._port))
        application = web.Application(middlewares=[guard])
        application.on_response_prepare.append(dress)
        downloads = Downloads(self._window)
        application.router.add_get("/", asset)
        application.router.add_get("/static/{name}", asset)
        application.router.add_get("/file", downloads.file)
        application.router.add_get("/text", downloads.text)
        application.add_routes(self._routes)
        application.router.add_post("/upload", Uploads(self._door).take)
        application.router.add_get("/socket", self._connect)
        return application

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        connection = Connection(
            door=self._door,
            window=self._window,
            hub=self._hub,
            rendering=self._rendering,
            name=self._name,
        )
        return await connection.serve(request, self._sockets)


def _no_port(host: str, port: int, error: OSError) -> ThawError:
    if error.errno == errno.EADDRINUSE:
        return ThawError(
            f"port {port} on {host} is taken, perhaps by another bot: "
            "end that program, or set [web] port to another number"
        )
    if error.errno == errno.EACCES:
        return ThawError(f"port {port} needs more rights: set [web] port above 1023")
    return ThawError(f"cannot listen on {host} port {port}: {error.strerror or error}")
