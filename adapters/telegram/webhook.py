"""Updates that Telegram sends: listens, checks the secret, says 200 when an update is kept."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from telegram import Bot
from telegram.error import TelegramError

from adapters.telegram.addressing import Me
from adapters.telegram.polling import WANTED, problem
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.status import Status
from adapters.telegram.updates import Updates

log = structlog.get_logger(__name__)

_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_LARGEST = 2**20
_KEPT_WITHIN_S = 20.0


class Webhook:
    """`run` listens, tells Telegram where, and never returns. Trouble is told by the status."""

    def __init__(
        self,
        bot: Bot,
        updates: Updates,
        status: Status,
        settings: TelegramSettings,
        *,
        first_wait_s: float = 1.0,
    ) -> None:
        self._bot = bot
        self._updates = updates
        self._status = status
        self._settings = settings
        self._first_wait_s = first_wait_s
        self._me: Me | None = None
        self.port = settings.port

    async def run(self, me: Me) -> None:
        """Listen for ever."""
        self._me = me
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/{path:.*}", self._receive)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        try:
            await self._until(lambda: self._listen(runner))
            await self._until(self._register)
            self._status.connected, self._status.problem = True, ""
            log.info("the webhook stands", bot=me.username, port=self.port)
            await asyncio.Event().wait()
        finally:
            self._status.connected = False
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        await web.TCPSite(runner, self._settings.host, self._settings.port).start()
        self.port = int(runner.addresses[0][1])

    async def _register(self) -> None:
        await self._bot.set_webhook(
            self._settings.webhook_url or "",
            secret_token=self._settings.secret,
            allowed_updates=WANTED,
            max_connections=100,
        )

    async def _until(self, step: Callable[[], Awaitable[None]]) -> None:
        wait = self._first_wait_s
        while True:
            try:
                await step()
                return
            except OSError as error:
                place = f"{self._settings.host} port {self._settings.port}"
                self._status.problem = f"cannot listen on {place}: {error.strerror or error}"
            except TelegramError as error:
                self._status.problem = problem(error)
            log.warning("the webhook does not stand", problem=self._status.problem)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 60 * self._first_wait_s)

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(_SECRET, "").encode("utf-8", "replace")
        secret = self._settings.secret.encode()
        if not secret or not hmac.compare_digest(given, secret):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not isinstance(update, dict) or self._me is None:
            return web.Response(status=400)
        task = self._updates.take(update, self._me)
        if task is not None:
            # Not kept in time: Telegram sends it again, and finds it being taken up.
            await asyncio.wait([task], timeout=_KEPT_WITHIN_S)
            if not task.done() or task.cancelled():
                return web.Response(status=503)
        return web.Response()
