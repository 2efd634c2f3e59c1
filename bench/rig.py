"""The bot as a process, with a model server and a bare loop beside it, each a process of its own.
Measures nothing."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.harness.bot import ROOT, BotProcess, Sections

SECTIONS: Sections = {
    "subagents": {
        "max_running": 64,
        "per_channel": 64,
        "per_person": 64,
        "per_message": 64,
        "max_steps": 10_000,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request that the model server has answered; times of the monotonic clock."""

    tag: str
    arrived: float
    sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProcess:
    """The model server of bench/model.py."""

    url: str
    log: Path

    def served(self, tag: str) -> list[Served]:
        """The answers given so far to requests whose tag ends so."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        found = [Served(**line) for line in lines]
        return [one for one in found if one.tag.endswith(tag)]

    def own_s(self, tag: str) -> float:
        """Seconds that the server itself took for the requests of a tag, one after another."""
        served = self.served(tag)
        assert served, f"the model was never asked about {tag}"
        return sum(one.sent - one.arrived for one in served)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A bot that is ready, and what is around it."""

    bot: BotProcess
    model: ModelProcess


@asynccontextmanager
async def running(folder: Path, sections: Sections | None = None) -> AsyncIterator[Rig]:
    """A bot on a fresh folder with its model server; both end with the context."""
    async with model_server(folder) as model:
        given = {"model": {"base_url": model.url, "name": "bench"}} | dict(SECTIONS)
        async with BotProcess(folder, sections=given | dict(sections or {})) as bot:
            await bot.start()
            yield Rig(bot=bot, model=model)


@asynccontextmanager
async def model_server(folder: Path) -> AsyncIterator[ModelProcess]:
    """A model server with a log of its own."""
    log = folder / f"model-{uuid4().hex}.jsonl"
    log.touch()
    async with program("bench.model", str(log)) as port:
        yield ModelProcess(url=f"http://127.0.0.1:{port}/v1", log=log)


@asynccontextmanager
async def bare_loop(model: ModelProcess) -> AsyncIterator[str]:
    """The bare loop of bench/ideal.py; yields its address."""
    async with program("bench.ideal", model.url) as port:
        yield f"http://127.0.0.1:{port}/"


@asynccontextmanager
async def program(module: str, *arguments: str) -> AsyncIterator[int]:
    """A module run as a process until the context ends; yields the port it prints first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=PIPE
    )
    try:
        yield int(await _first_line(process))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _first_line(process: Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"a program of the bench ended with code {await process.wait()}")
    return line
