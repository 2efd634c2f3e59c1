"""An engine with real sandboxes, real files, and a scripted model. No test in it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.approvals.rules import ApprovalRules
from core.jobs.job import Asked, JobSpec, Outcome, Progress, Steering
from core.messages import ChannelRef
from core.ports import Servers, Web
from core.state.apply import merge
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.state.operations import Author, AuthorKind, Delta, FileChange, Operation
from core.state.reads import Read
from core.state.rules import Rules
from core.subagents.engine.bounds import Bounds
from core.subagents.engine.local import LocalEngine
from core.subagents.journal import Journal
from core.subagents.journal_reads import read_reads
from core.subagents.sandbox import Choice, Mount, Sandbox, choose
from core.subagents.transcript import BOUND
from tests.core.subagents.puppet import PuppetSandbox, Script
from tests.core.subagents.scripted import CHANNEL, NothingFound, ScriptedModel

Way = Literal["auto", "bubblewrap", "process"]


@dataclass(slots=True, kw_only=True)
class Bench:
    """One engine, and everything around it that a test may look at or change."""

    engine: LocalEngine
    channels: Channels
    model: ScriptedModel
    finder: NothingFound
    data: Path
    said: list[Steering]
    seen: list[Progress] = field(default_factory=list)

    async def run(self, job: JobSpec) -> Outcome | Asked:
        """Run one attempt."""
        return await self.engine.run(job, self.seen.append)

    async def reads(self, job: JobSpec) -> tuple[Read, ...]:
        """What the job was shown, as its journal has it."""
        journal = await Journal.open(self.data / "jobs" / job.id)
        try:
            return await journal.look(read_reads)
        finally:
            await journal.close()

    def workspace(self, job: JobSpec) -> Path:
        """The job's workspace on the host."""
        return self.data / "jobs" / job.id / "workspace"

    async def commit(self, *operations: Operation, files: tuple[FileChange, ...] = ()) -> int:
        """Have a person write to the channel; returns the commit."""

        def write(tx: Transaction) -> int:
            base = head(tx)
            delta = Delta(
                source=f"test:{base}",
                author=Author(kind=AuthorKind.PERSON, person_id="bob", name="Bob"),
                base=base,
                at=1.0,
                about="a test",
                operations=operations,
                files=files,
            )
            commit = merge(tx, delta, Rules()).commit
            assert commit is not None
            return commit

        return await self.channels.write(CHANNEL, write)


@asynccontextmanager
async def bench(
    data: Path,
    sandbox: Way | Sandbox,
    *,
    mounts: tuple[Mount, ...] = (),
    web: Web | None = None,
    approvals: ApprovalRules | None = None,
    servers: Servers | None = None,
    transcript: int = BOUND,
) -> AsyncIterator[Bench]:
    """An engine whose sandboxes are made in this way."""
    channels, model, finder = Channels(data), ScriptedModel(), NothingFound()
    said: list[Steering] = []

    async def steering(job: JobSpec, after: int) -> tuple[Steering, ...]:
        return tuple(one for one in said if one.seq > after)

    def mounted(channel: ChannelRef) -> tuple[Mount, ...]:
        return mounts

    async def chosen() -> Choice:
        if isinstance(sandbox, str):
            return await choose(sandbox, data / "run")
        return Choice(sandbox=sandbox, finding="given")

    engine = LocalEngine(
        data_dir=data,
        channels=channels,
        model=model,
        finder=finder,
        steering=steering,
        mounts=mounted,
        choose=chosen,
        bounds=Bounds(memory_mb=256, processes=64, disk_mb=64, transcript=transcript),
        web=web,
        approvals=approvals,
        servers=servers,
    )
    await engine.start()
    try:
        yield Bench(
            engine=engine, channels=channels, model=model, finder=finder, data=data, said=said
        )
    finally:
        await channels.close()


def played(folder: Path, script: Script) -> AbstractAsyncContextManager[Bench]:
    """An engine whose runtimes follow a script."""
    return bench(folder, PuppetSandbox(script))
