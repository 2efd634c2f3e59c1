"""Whether the bot can serve now: platforms connected, disk writable, model reachable. No tokens."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from bot.config import ModelSettings
from bot.finding import Level
from bot.health import Health
from bot.watched_model import ModelFigures
from core.errors import StoreError
from core.state.control import Control

_PATIENCE_S = 5.0
_STORE_KNOWN_S = 2.0
_MODEL_KNOWN_S = 60.0
_LATELY_S = 600.0
_LEAST_FREE = 2**20
"""Bytes that have to be free on the disk: some ten messages with their answers."""


class Readiness:
    """Asks when asked, and remembers the answers a while: whoever asks often costs nothing."""

    def __init__(
        self,
        *,
        root: Path,
        control: Control,
        platforms: Callable[[], tuple[Health, ...]],
        settings: ModelSettings,
        model: ModelFigures,
        least_free: int = _LEAST_FREE,
    ) -> None:
        self._control = control
        self._platforms = platforms
        self._settings = settings
        self._model = model
        self._probe = root / "probe"
        self._least_free = least_free
        self._store = _Remembered(self._store_trouble, _STORE_KNOWN_S)
        self._server = _Remembered(self._model_trouble, _MODEL_KNOWN_S)

    async def problems(self) -> tuple[str, ...]:
        """What is in the way, a line each."""
        found = [
            f"{one.name}: {one.problem or 'not connected'}"
            for one in self._platforms()
            if not one.connected
        ]
        store = await self._store.value()
        if store:
            found.append(f"store: {store}")
        if not self._heard_lately():
            server = await self._server.value()
            if server:
                found.append(f"model: {server}")
        return tuple(found)

    def _heard_lately(self) -> bool:
        reached = self._model.reached
        lately = reached is not None and time.time() - reached < _LATELY_S
        return self._settings.offline or (lately and not self._model.unreachable)

    async def _store_trouble(self) -> str:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.to_thread(_written, self._probe)
                free = await asyncio.to_thread(_free, self._probe.parent)
                if free < self._least_free:
                    return f"the disk of the data directory is full: {free // 1024} KB are free"
                await self._control.database.write(lambda tx: None)
        except OSError as error:
            return f"the data directory cannot be written: {error.strerror or 'no answer'}"
        except StoreError as error:
            return str(error)
        return ""

    async def _model_trouble(self) -> str:
        # What it asks with is loaded only where somebody wants to know.
        from bot.model_check import model_finding  # noqa: PLC0415

        finding = await model_finding(self._settings)
        return finding.text if finding.level is Level.PROBLEM else ""


class _Remembered:
    """What a question was answered lately. Many who ask at once ask once."""

    def __init__(self, ask: Callable[[], Awaitable[str]], known_s: float) -> None:
        self._ask = ask
        self._known_s = known_s
        self._value = ""
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def value(self) -> str:
        async with self._lock:
            if time.monotonic() >= self._until:
                self._value = await self._ask()
                self._until = time.monotonic() + self._known_s
            return self._value


def _free(folder: Path) -> int:
    """How many bytes more can be kept there. Blocks. Raises OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _written(path: Path) -> None:
    """Find out whether something can be kept. Blocks. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, b"." * 4096)
        os.fsync(handle)
    finally:
        os.close(handle)
        with suppress(OSError):
            path.unlink()
