"""How soon a killed bot is there again: 1,000 unfinished jobs over 10,000 channels.

Each job's journal ends with a command, so its next step is a call of the model: the *first step* is
the first such call of any job, and it counts when the model's server has it whole. By then the
program and the model's library are loaded, a sandbox is proved to work, the job has its place, its
journal is read, its workspace compared, its attempt written down, its sandbox up, its cost reserved
and the step journaled. Nothing else that a job does next comes before that but the commands of an
answer that was journaled whole, which need no model.
"""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.page import connected
from bench.rig import ModelProcess, model_server
from core.jobs.job import JobState
from core.messages import ChannelRef, Message, Person, ThreadRef
from core.model.amounts import Limit
from core.model.chat import ModelReply, ToolCall
from core.records import jobs, messages
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.subagents.journal import FILE_NAME, Journal
from core.subagents.sandbox.launch import bundle
from tests.harness.bot import BotProcess

KNOWN = 10_000
UNFINISHED = 1_000
ROUNDS = 5
TAKEN_UP = "all unfinished work is taken up"
_ANN = Person(id="ann", name="Ann")
_AGO_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Seconds from the start of the process to each."""

    ready: float
    step: float
    answer: float
    all: float


async def measure(folder: Path) -> list[Figure]:
    """Each round is a start after a kill, on a copy of the same data."""
    made = folder / "made"
    await _killed(made)
    found = []
    async with model_server(folder) as model:
        for number in range(ROUNDS):
            bot = BotProcess(folder / str(number))
            await asyncio.to_thread(shutil.copytree, made, bot.data, copy_function=_copied)
            found.append(await _recovered(bot, model))
            await asyncio.to_thread(shutil.rmtree, bot.folder)
    what = f"{UNFINISHED:,} unfinished jobs in {KNOWN:,} channels"
    note = (
        "the journal's last step was a command; the next is a call, counted when the model has it"
    )
    return [
        Figure(
            name=f"start to ready, {what}", unit="s", values=tuple(f.ready for f in found),
            worst_below=3,
        ),
        Figure(
            name="start to the first step of a job that goes on, the same", unit="s",
            values=tuple(f.step for f in found), worst_below=1, note=note,
        ),
        Figure(
            name="start to the first answer in one of these channels", unit="s",
            values=tuple(f.answer for f in found),
            note="over the model's 0.1 s; the page connects when the bot is ready",
        ),
        Figure(
            name="start to all of it being taken up", unit="s", values=tuple(f.all for f in found)
        ),
    ]  # fmt: skip


async def _recovered(bot: BotProcess, model: ModelProcess) -> _Found:
    bot.sections |= {"model": {"base_url": model.url, "name": "bench"}}
    model.log.write_text("")
    async with bot:
        began = time.monotonic()
        await bot.start()
        ready = time.monotonic()
        async with connected(bot.url, _name(UNFINISHED - 1)) as page:
            _, answered, _ = await page.ask("ping one.")
        while TAKEN_UP not in bot.log():  # noqa: ASYNC110 - a log tells nobody that it grows
            await asyncio.sleep(0.05)
        taken_up = time.monotonic()
        step = min(served.arrived for served in model.served("five/1"))
    return _Found(ready=ready - began, step=step - began, answer=answered - began - 0.1,
                  all=taken_up - began)  # fmt: skip


async def _killed(data: Path) -> None:
    """What a kill leaves: a job in each of the first channels, whose last step was a command."""
    refs = [ChannelRef(platform="web", workspace="local", channel=_name(n)) for n in range(KNOWN)]
    control, channels = await Control.open(data), Channels(data)
    try:
        await control.database.write(_listing(refs))
        # One that is quiet, and one that has a job; all others are as these.
        await channels.write(refs[-1], lambda tx: tx.execute("SELECT 1").fetchone())
        id = await channels.write(refs[0], _begun(refs[0]))
    finally:
        await channels.close()
        await control.close()
    await _worked(data / "jobs" / id)
    # A bot that was killed had made it.
    await asyncio.to_thread(bundle, data / "sandbox")
    places = [channels.path(ref) for ref in refs]
    await asyncio.to_thread(_copies, data / "jobs", refs[:UNFINISHED], places, id)


def _name(number: int) -> str:
    return f"known-{number}"


def _listing(refs: list[ChannelRef]) -> Callable[[Transaction], None]:
    rows = [
        (ref.platform, ref.workspace, ref.channel, n < UNFINISHED) for n, ref in enumerate(refs)
    ]

    def write(tx: Transaction) -> None:
        tx.executemany("INSERT INTO channels VALUES (?, ?, ?, ?)", rows)

    return write


def _begun(ref: ChannelRef) -> Callable[[Transaction], str]:
    """A job that was started; returns its id."""
    thread, at = ThreadRef(channel=ref, thread=""), time.time() - _AGO_S
    job = jobs.NewJob(
        id=jobs.id_for(ref, "asked"), thread=thread, title="five work", brief="kind=five",
        requester=_ANN, message="message:m1", rules_revision=0, budget=Limit(tokens=1_000_000),
        at=at,
    )  # fmt: skip

    def write(tx: Transaction) -> str:
        said = Message(id="m1", thread=thread, author=_ANN, text="do five", at=at)
        messages.add_message(tx, said)
        number = jobs.promise(tx, job, JobState.QUEUED)
        jobs.start(tx, number, at=at, commit=0, message=1)
        return job.id

    return write


async def _worked(folder: Path) -> None:
    """A journal with an answer of the model and the command that it called."""
    (folder / "workspace").mkdir(parents=True)
    journal = await Journal.open(folder, lambda: time.time() - _AGO_S)
    try:
        await journal.past()
        await journal.begin_attempt(1, folder / "workspace", cut_off={})
        step = await journal.begin_model(())
        call = ToolCall(id="c1", name="shell", arguments='{"command": "echo one"}')
        reply = ModelReply(text="", tool_calls=(call,), usage=None, finish="tool_calls")
        await journal.end_model(step, reply, "shell")
        step = await journal.begin_tool(call, "echo one")
        await journal.end_tool(step, "one\n[exit code 0]", folder / "workspace")
    finally:
        await journal.close()


def _copies(root: Path, unfinished: list[ChannelRef], places: list[Path], id: str) -> None:
    for place in places[UNFINISHED:-1]:
        os.link(places[-1], place)
    for ref, place in zip(unfinished[1:], places[1:UNFINISHED], strict=True):
        shutil.copyfile(places[0], place)
        own = jobs.id_for(ref, "asked")
        _written(place, ("UPDATE channel SET channel = ?", ref.channel),
                 ("UPDATE jobs SET id = ?", own))  # fmt: skip
        shutil.copytree(root / id, root / own)
        _written(root / own / FILE_NAME, ("UPDATE job SET id = ?", own))


def _written(place: Path, *changes: tuple[str, str]) -> None:
    """Change a copy, waiting for no disk: two thousand times that would take a minute."""
    with closing(sqlite3.connect(place, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("BEGIN")
        for change, value in changes:
            file.execute(change, (value,))
        file.execute("COMMIT")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copied(source: str, target: str) -> str:
    """A file of a channel without work is never written: all rounds have the same."""
    if Path(source).stat().st_nlink > 1:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
    return target
