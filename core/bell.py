"""How a program beside the bot says what it has written to: a channel, or who may use the bot.
Carries no content: what was written is in the channel's file, or in control.db.

A ring is a small file in a folder that the bot watches, so that nothing polls and nothing has to
listen; one that nobody hears is found at the next start.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from core.messages import ChannelRef
from core.search.watch import Watch
from core.tasks import Spawn

log = structlog.get_logger(__name__)

FOLDER = "bell"
_LARGEST = 10_000


def ring(root: Path, channel: ChannelRef | None) -> None:
    """Tell the bot that has the data directory `root`, if one runs. Blocks shortly.

    None stands for who was let in.

    Raises OSError when the ring cannot be left; then the bot notices at its next start.
    """
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = uuid.uuid4().hex
    # Whole before it has its name, so that the bot never reads half of it.
    part = folder / f"{name}.part"
    named = [channel.platform, channel.workspace, channel.channel] if channel else []
    part.write_text(json.dumps(named))
    part.rename(folder / name)


class Bell:
    """Hears the rings and calls `heard` with each channel (None: who was let in), once for those
    that come together."""

    def __init__(
        self, root: Path, heard: Callable[[ChannelRef | None], Awaitable[None]], spawn: Spawn
    ) -> None:
        self._folder = root / FOLDER
        self._heard = heard
        self._spawn = spawn
        self._watch = Watch(self._folder, lambda path: self._wake())
        self._answering = False
        self._again = False

    async def start(self) -> None:
        """Hear from now on, and what was rung before."""
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, exist_ok=True)
        except OSError as error:
            log.warning("the command line is not heard", reason=str(error))
            return
        self._watch.open()
        self._watch.enter("")
        if self._watch.trouble:
            log.warning("the command line is not heard", reason=self._watch.trouble)
        self._wake()

    def stop(self) -> None:
        """Hear nothing more."""
        self._watch.close()
        self._again = False

    def _wake(self) -> None:
        self._again = True
        if not self._answering:
            self._answering = True
            self._spawn(self._answer(), "answer the bell")

    async def _answer(self) -> None:
        try:
            while self._again:
                self._again = False
                for channel in await asyncio.to_thread(_taken, self._folder):
                    await self._heard(channel)
        finally:
            self._answering = False


def _taken(folder: Path) -> set[ChannelRef | None]:
    """What all rings name, which are then gone."""
    found: set[ChannelRef | None] = set()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix == ".part":
            continue
        try:
            found.add(_channel(path))
        except (OSError, ValueError, TypeError, RecursionError):
            log.warning("a ring cannot be read", file=path.name)
        with suppress(OSError):
            path.unlink()
    return found


def _channel(path: Path) -> ChannelRef | None:
    with path.open(encoding="utf-8") as file:
        named = json.loads(file.read(_LARGEST))
    if named == []:
        return None
    platform, workspace, channel = named
    return ChannelRef(platform=str(platform), workspace=str(workspace), channel=str(channel))
