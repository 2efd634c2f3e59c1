"""What looks after the bot while it runs: where its health is served, watchdog, backups."""

import time
from collections.abc import Callable

import structlog

from bot.backups import keep_backed_up
from bot.config import Config
from bot.health import Health
from bot.health_server import HealthServer, routes
from bot.readiness import Readiness
from bot.vitals import Vitals
from bot.watchdog import Watchdog
from bot.watched_model import ModelFigures
from core.desk import Desk
from core.jobs.admission import Admission
from core.outbox import Outbox
from core.state.control import Control
from core.tasks import Spawn

log = structlog.get_logger(__name__)


class Care:
    """`routes` are for the page's server too. `platforms` gives their health as of now."""

    def __init__(
        self,
        config: Config,
        *,
        control: Control,
        platforms: Callable[[], tuple[Health, ...]],
        admission: Admission,
        outbox: Outbox,
        desk: Desk,
        model: ModelFigures,
    ) -> None:
        self._backup, self._root = config.backup, config.bot.data_dir
        self._watchdog = Watchdog()
        readiness = Readiness(
            root=self._root, control=control, platforms=platforms,
            settings=config.model, model=model,
        )  # fmt: skip
        vitals = Vitals(
            platforms=platforms, admission=admission, outbox=outbox, desk=desk, model=model,
            watchdog=self._watchdog, began=time.time(),
        )  # fmt: skip
        self.routes = routes(readiness.problems, vitals.text)
        self._server = HealthServer(config.health, self.routes) if config.health else None

    async def start(self, spawn: Spawn) -> None:
        """Begin. Raises ThawError when the port of [health] cannot be had."""
        self._watchdog.start()
        if self._server is not None:
            log.info("health is served", address=await self._server.start())
        if self._backup is not None:
            spawn(keep_backed_up(self._backup, self._root), "keep backed up")

    async def stop(self) -> None:
        """End, also when it was never begun."""
        self._watchdog.stop()
        if self._server is not None:
            await self._server.stop()
