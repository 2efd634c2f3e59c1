"""A data directory with something in it, written without a bot."""

from collections.abc import Callable
from pathlib import Path

from core.jobs.job import JobState
from core.messages import ChannelRef, Person, ThreadRef
from core.model.amounts import Limit
from core.records import jobs
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.subagents.journal import Journal

GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
OTHER = ChannelRef(platform="web", workspace="local", channel="other")


def add(name: str) -> Callable[[Transaction], None]:
    """Write something that can be found again."""

    def write(tx: Transaction) -> None:
        tx.execute("INSERT OR REPLACE INTO settings VALUES (?, '1', 'me', 1.0)", (name,))

    return write


def names(tx: Transaction) -> list[str]:
    """What `add` wrote."""
    return sorted(name for (name,) in tx.execute("SELECT name FROM settings"))


async def filled(root: Path) -> None:
    """Two channels, each with something, and their accounts."""
    control = await Control.open(root)
    channels = Channels(root)
    for ref in (GENERAL, OTHER):
        await control.mark(ref)
        await channels.write(ref, add(f"of {ref.channel}"))
    await channels.close()
    await control.close()


async def read(root: Path, ref: ChannelRef) -> list[str]:
    """What a channel holds."""
    channels = Channels(root)
    try:
        return await channels.read(ref, names)
    finally:
        await channels.close()


async def a_job_at_work(root: Path) -> str:
    """A job of the channel GENERAL that was started and has not ended; its id."""
    id = jobs.id_for(GENERAL, "asked")
    job = jobs.NewJob(
        id=id, thread=ThreadRef(channel=GENERAL, thread=""), title="t", brief="b",
        requester=Person(id="ada", name="Ada"), message="message:1", rules_revision=0,
        budget=Limit(tokens=1), at=1.0,
    )  # fmt: skip

    def begin(tx: Transaction) -> None:
        number = jobs.promise(tx, job, JobState.QUEUED)
        assert jobs.start(tx, number, at=1.0, commit=0, message=0)

    channels = Channels(root)
    await channels.write(GENERAL, begin)
    await channels.close()
    journal = await Journal.open(root / "jobs" / id, lambda: 0.0)
    await journal.close()
    return id


def left(folder: Path, pattern: str) -> list[Path]:
    """What is there by that pattern."""
    return list(folder.glob(pattern))
