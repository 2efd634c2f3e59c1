"""/healthz, /readyz and /metrics, as routes for the page's server and as a server of their own."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.care_sections import HealthSettings
from bot.metrics import CONTENT_TYPE
from core.errors import ThawError

Routes = Sequence[web.RouteDef]


def routes(
    problems: Callable[[], Awaitable[tuple[str, ...]]], metrics: Callable[[], Awaitable[str]]
) -> Routes:
    """The three, for any server. None of them tells what people wrote, or a secret."""

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_: web.Request) -> web.Response:
        found = await problems()
        lines = ["not ready", *found] if found else ["ready"]
        return web.Response(text="\n".join(lines) + "\n", status=503 if found else 200)

    async def measured(_: web.Request) -> web.Response:
        # The format's version is part of its type; aiohttp takes no parameters apart.
        text = await metrics()
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    return (
        web.get("/healthz", alive),
        web.get("/readyz", ready),
        web.get("/metrics", measured),
    )


class HealthServer:
    """Serves the routes where [health] says."""

    def __init__(self, settings: HealthSettings, routes: Routes) -> None:
        self._settings = settings
        application = web.Application()
        application.add_routes(routes)
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )

    async def start(self) -> str:
        """Listen; returns the address. Raises ThawError when the port cannot be had."""
        host, port = self._settings.host, self._settings.port
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or error
            raise ThawError(
                f"[health] cannot listen on {host} port {port}: {reason}; set another port"
            ) from error
        found = self._runner.addresses[0]
        return f"http://{f'[{found[0]}]' if ':' in found[0] else found[0]}:{found[1]}/"

    async def stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()
