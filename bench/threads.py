"""How soon commands and results come in a thread whose model hangs, and many jobs are under way."""

from functools import partial
from pathlib import Path

from bench.answers import THREAD
from bench.figures import Figure
from bench.page import Frame, Page, arrived, connected, is_result
from bench.rig import Rig, running

ROUNDS = 10
SPAWNED = (16, 64)
SPAWN_ROUNDS = 5


async def measure_hanging(folder: Path) -> list[Figure]:
    """`/cancel` and a result in a thread in which a turn waits for a model that says nothing."""
    async with running(folder) as rig, connected(rig.bot.url) as page:
        rounds = [await _hanging(rig, page, f"{THREAD}-{n}", 2 * n + 1) for n in range(ROUNDS)]
    results, answers, ends = (tuple(values) for values in zip(*rounds, strict=True))
    note = "in a thread where a turn waits for a model that never answers"
    return [
        Figure(
            name="result of a job", unit="ms", values=results, worst_below=100,
            note=f"from the job's last model answer to the post with its result, {note}",
        ),
        Figure(name="/cancel answered", unit="ms", values=answers, worst_below=100, note=note),
        Figure(
            name="/cancel, job gone", unit="ms", values=ends, worst_below=100,
            note="to the post that says so, when nothing of the job runs any more",
        ),
    ]  # fmt: skip


async def _hanging(rig: Rig, page: Page, thread: str, job: int) -> tuple[float, float, float]:
    """Milliseconds of a result, of the answer to /cancel and of the job's end."""
    await page.watch(thread)
    await page.ask("start 1 endless", thread)
    await page.ask("start 1 short", thread)
    result = page.frame(partial(is_result, job + 1))
    await page.say("hang, please", thread)
    came, _ = await arrived(result)
    last = rig.model.served("short/end")[-1]
    end = page.frame(partial(is_result, job))
    sent, answered, _ = await page.ask(f"/cancel {job}", thread)
    gone, _ = await arrived(end)
    return (came - last.sent) * 1000, (answered - sent) * 1000, (gone - sent) * 1000


async def measure_spawning(folder: Path) -> list[Figure]:
    """From "start 16 jobs" to the answer that names them, and the same for 64."""
    figures = []
    async with running(folder) as rig, connected(rig.bot.url, thread=THREAD) as page:
        await page.ask("ping first.", THREAD)
        done = 0
        for count in SPAWNED:
            values = []
            for n in range(SPAWN_ROUNDS):
                values.append(await _spawned(rig, page, count, n, done))
                done += count
            figures.append(
                Figure(
                    name=f"start {count} jobs, answered", unit="ms", values=tuple(values),
                    worst_below=100, note="over the model's own time for the turn's two calls",
                )
            )  # fmt: skip
    return figures


async def _spawned(rig: Rig, page: Page, count: int, n: int, before: int) -> float:
    """Milliseconds of one request; returns when all its jobs have ended."""
    results = [page.frame(partial(is_result, before + job)) for job in range(1, count + 1)]
    text = f"start {count} short, round {n}."
    sent, came, post = await page.ask(text, THREAD)
    _check_names(post, count)
    for result in results:
        await arrived(result)
    return (came - sent - rig.model.own_s(text)) * 1000


def _check_names(post: Frame, count: int) -> None:
    named = [line for line in post["receipt"] if "started job" in line]
    if len(named) != count:
        raise RuntimeError(f"{count} jobs were wanted; the answer is {post}")
