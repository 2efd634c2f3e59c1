"""The bot as a process: started, stopped, killed, started again on the same port and data."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.emulators.ports import held_port
from tests.harness import processes
from tests.harness.nursery import Born, born

ROOT = Path(__file__).parents[2]
READY = re.compile(r" is ready: (http://\S+:(\d+)/)")
START_S = 60.0  # a shared machine may pause for long; nothing waits this long when all is well
END_S = 60.0

Value = str | int | float | bool | tuple[str, ...]
Values = Mapping[str, Value]
Sections = Mapping[str, Values]


class EndedAtStart(Exception):
    """The program ended before it was ready: `code` and what it said to its owner."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"exit code {code}: {said}")
        self.code = code
        self.said = said


class BotProcess:
    """One bot with a folder of its own (its name is unique on the machine, so that whatever belongs
    to this bot can be found by it) and a port that nobody takes while it is away.

    `sections` go into the configuration beside the data folder and the page's port; `more` is
    TOML that follows. A `warm` one is born with the program loaded: for all but what the start
    itself is like. `through` are the words of a command that becomes the bot, for one that is not
    warm. As a context it is killed at the end, if it still runs.
    """

    def __init__(
        self,
        within: Path,
        *,
        sections: Sections | None = None,
        more: str = "",
        environment: Mapping[str, str] | None = None,
        data: Path | None = None,
        warm: bool = False,
        through: Sequence[str] = (),
    ) -> None:
        self.mark = f"bot-{uuid4().hex}"
        self.folder = within / self.mark
        self.data = data or self.folder / "data"
        self.sections = dict(sections or {})
        self.more = more
        self.environment = dict(environment or {})
        self.port = 0
        self.starts = 0
        self._warm = warm
        self._through = through
        self._process: Process | Born | None = None
        self._kept = ExitStack()
        self.folder.mkdir(parents=True)

    async def __aenter__(self) -> Self:
        self.port = self._kept.enter_context(held_port())
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._kept:
            if self._process is not None:
                await self.kill()

    @property
    def running(self) -> bool:
        """Whether the process has been started and its end has not been awaited."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None, "the bot does not run"
        return self._process.pid

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def log(self) -> str:
        """All that its starts have written to standard error so far."""
        path = self.folder / "log.txt"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    async def start(self, kill_at: str = "") -> None:
        """Start it and return when it says it is ready. Raises EndedAtStart.

        With `kill_at` ("name" or "name:n") it kills itself at that commit point.
        """
        assert self._process is None, "the bot runs already"
        process = await self._spawn(kill_at)
        self._process = process
        async with asyncio.timeout(START_S):
            found = await self._ready(process)
        if found is None:
            said = self.log()
            raise EndedAtStart(await self.ended(), said)
        self.port = int(found[2])

    async def ended(self) -> int:
        """Wait until the process has ended; its exit code (negative: the signal)."""
        assert self._process is not None, "the bot does not run"
        process = self._process
        async with asyncio.timeout(END_S):
            code = await process.wait()
        self._process = None
        if process.stdout is not None:
            await process.stdout.read()
        return code

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, as a system or a person (SIGINT) does, and return its exit code."""
        os.kill(self.pid, number)
        return await self.ended()

    async def live_for(self, seconds: float) -> int:
        """Start it and SIGKILL it so long after that, ready or not; its exit code."""
        loop = asyncio.get_running_loop()
        striking = loop.call_later(seconds, self.strike)
        try:
            await self.start()
        except EndedAtStart as ended:
            return ended.code
        else:
            # A short life may have been over before there was a process to strike.
            if loop.time() >= striking.when():
                self.strike()
            return await self.ended()
        finally:
            striking.cancel()

    def strike(self) -> None:
        """SIGKILL, without waiting for anything; no matter if it has ended or not started."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.strike()
        await self.ended()

    async def nothing_left(self, within_s: float = 60.0) -> None:
        """Wait until no process of this bot is left. Raises AssertionError naming those left.

        Sandboxes have the lowest priority: on a busy machine one that is just starting takes
        seconds until it notices that its bot is dead.
        """
        await processes.gone(self.mark, within_s)

    async def _spawn(self, kill_at: str) -> Process | Born:
        self.starts += 1
        config = self.folder / "config.toml"
        config.write_text(self._config())
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {"PYTHONPATH": str(ROOT), "HOME": str(self.folder), "THAW_KILL_AT": kill_at}
        environment = kept | own | self.environment
        arguments = ["run", "--config", str(config)]
        with (self.folder / "log.txt").open("ab") as log:
            if self._warm:
                return await born(
                    arguments, folder=self.folder, environment=environment, log=log.fileno()
                )
            return await asyncio.create_subprocess_exec(
                *self._through, sys.executable, "-m", "bot", *arguments,
                cwd=self.folder, env=environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=log,
            )  # fmt: skip

    async def _ready(self, process: Process | Born) -> re.Match[str] | None:
        assert process.stdout is not None
        async for line in process.stdout:
            if found := READY.search(line.decode("utf-8", "replace")):
                return found
        return None

    def _config(self) -> str:
        own: dict[str, Values] = {
            "bot": {"data_dir": str(self.data)},
            "web": {"port": self.port},
        }
        for name, values in self.sections.items():
            own[name] = {**own.get(name, {}), **values}
        return "\n".join([*(_section(name, values) for name, values in own.items()), self.more])


def _section(name: str, values: Values) -> str:
    return "\n".join(
        [f"[{name}]", *(f"{key} = {_literal(value)}" for key, value in values.items())]
    )


def _literal(value: Value) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return str(value)
