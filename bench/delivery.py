"""How soon 16 jobs that each take five seconds of the model's time have all been delivered."""

import asyncio
import time
from functools import partial
from pathlib import Path

import aiohttp

from bench.answers import THREAD
from bench.figures import Figure
from bench.model import STEP_S, STEPS
from bench.page import Page, arrived, connected, is_result
from bench.rig import ModelProcess, running

JOBS = 16
ROUNDS = 3
_IDEAL_S = STEPS * STEP_S


async def measure(folder: Path) -> list[Figure]:
    """From the message that asks for them to the last result."""
    values, bare = [], []
    async with running(folder) as rig, connected(rig.bot.url, thread=THREAD) as page:
        await page.ask("ping first.", THREAD)
        for n in range(ROUNDS):
            values.append(await _delivered(page, n))
            bare.append(await _bare(rig.model))
    return [
        Figure(
            name=f"{JOBS} jobs delivered", unit="s", values=tuple(values),
            worst_below=1.15 * _IDEAL_S, ideal=tuple(bare),
            note=f"each {STEPS} model calls of {STEP_S:g} s with a shell command between; from the"
            " message to the last result; the ideal makes the calls and runs plain shells",
        )
    ]  # fmt: skip


async def _delivered(page: Page, n: int) -> float:
    jobs = range(n * JOBS + 1, (n + 1) * JOBS + 1)
    results = [page.frame(partial(is_result, job)) for job in jobs]
    sent, _, _ = await page.ask(f"start {JOBS} five", THREAD)
    came = [(await arrived(result))[0] for result in results]
    return max(came) - sent


async def _bare(model: ModelProcess) -> float:
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(_bare_job(model, session) for _ in range(JOBS)))
    return time.monotonic() - began


async def _bare_job(model: ModelProcess, session: aiohttp.ClientSession) -> None:
    tools = [{"type": "function", "function": {"name": "finish"}}]
    said = [{"role": "user", "content": "kind=five"}]
    for _ in range(STEPS):
        body = {"model": "bench", "messages": said, "tools": tools}
        async with session.post(f"{model.url}/chat/completions", json=body) as response:
            reply = (await response.json())["choices"][0]["message"]
        said.append({"role": "assistant", "content": str(reply["content"])})
        process = await asyncio.create_subprocess_shell("echo step", stdout=asyncio.subprocess.PIPE)
        await process.communicate()
