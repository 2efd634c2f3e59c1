"""The engine that runs subagents on this machine. Decides nothing about what comes of a job."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from core.approvals.rules import ApprovalRules
from core.commit_points import CommitPoint, reached
from core.errors import SandboxUnavailable, StoreError, UnusableFile
from core.forgetting.traces import Traces
from core.jobs.job import (
    Asked,
    Completed,
    Failed,
    FailureKind,
    Gathered,
    JobSpec,
    Outcome,
    Progress,
)
from core.mcp.server import NOTHING, Offer
from core.messages import ChannelRef
from core.messages.views import StepLine
from core.ports import Finder, MeteredModel, Servers, Web
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.files import StateFile, list_files
from core.state.reads import Mention, Read
from core.state.since import files_since
from core.subagents import workspace as files
from core.subagents.breakdowns import breakdowns, broke_down, twice
from core.subagents.broker import Broker, SteeringSource
from core.subagents.broker_approvals import Approvals
from core.subagents.broker_asking import Asking
from core.subagents.broker_resume import MOST_IDLE, Taken, idle, take_up
from core.subagents.broker_tools import HostTools
from core.subagents.engine import memories
from core.subagents.engine.bounds import Bounds
from core.subagents.engine.former import clear_former
from core.subagents.engine.sweep import remove, sweep
from core.subagents.file_reads import FileReads
from core.subagents.journal import FILE_NAME, Journal
from core.subagents.journal_lines import step_lines
from core.subagents.journal_reads import read_reads
from core.subagents.journal_rows import FileRow, Past, read_files, read_past, read_steps
from core.subagents.mentions import commands_ran, mentions
from core.subagents.prompt import opening
from core.subagents.sandbox import Beginning, Choice, Mount, Sandbox, SandboxSpec, Shape
from core.subagents.search_reads import again
from core.subagents.served_tools import ServedTools
from core.subagents.tools import offered
from core.subagents.worker import Worker
from core.subagents.worker_pace import Pace
from core.subagents.workspace_scan import WorkspaceUnfit
from core.to_the_end import to_the_end

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# More at once than this make none of them earlier, and a message that comes meanwhile waits for all
# of them: with 64 jobs a quarter of a second.
_PREPARED_AT_ONCE = 4


class LocalEngine:
    """Implements core.ports.Engine and Transcripts with a folder for each job.

    `steering` gives what people said to a job after a `seq`; `mounts` are the folders that a
    channel's jobs may read, `everywhere` those that are the same for all; `choose` finds out how
    sandboxes can be run here.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        channels: Channels,
        model: MeteredModel,
        finder: Finder,
        steering: SteeringSource,
        mounts: Callable[[ChannelRef], tuple[Mount, ...]],
        everywhere: tuple[Mount, ...] = (),
        choose: Callable[[], Awaitable[Choice]],
        bounds: Bounds,
        web: Web | None = None,
        servers: Servers | None = None,
        approvals: ApprovalRules | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = data_dir / "jobs"
        self._channels = channels
        self._model = model
        self._finder = finder
        self._steering = steering
        self._mounts = mounts
        self._everywhere = everywhere
        self._choose = choose
        self._bounds = bounds
        self._web = web
        self._servers = servers
        self._rules = approvals or ApprovalRules()
        self._clock = clock
        self._open: dict[str, Journal] = {}
        # Set when nothing of the job runs any more.
        self._at_work: dict[str, asyncio.Event] = {}
        self._places = asyncio.Semaphore(_PREPARED_AT_ONCE)
        self._choice = Choice(sandbox=None, finding="the engine has not been started")

    @property
    def finding(self) -> str:
        """How jobs run here, in words for the operator."""
        return self._choice.finding

    async def start(self) -> None:
        """Find out how sandboxes can be run. Raises SandboxUnavailable when the one that the
        configuration insists on does not work.
        """
        self._choice = await self._choose()
        if self._choice.sandbox is None:
            raise SandboxUnavailable(
                f"jobs cannot run: {self._choice.finding}; "
                'or set [subagents] sandbox = "auto" for jobs without shell and python'
            )

    async def close(self) -> None:
        """End what runs beside the jobs, which have ended."""
        if self._servers is not None:
            await self._servers.close()

    async def keep_spares(self) -> None:
        """Have some sandboxes started ahead of their jobs, until cancelled; then none is left."""
        if self._choice.spares is not None:
            await self._choice.spares.keep(self._shape(self._everywhere))

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome | Asked:
        """See core.ports.Engine. An attempt that has ended once ends the same way for ever.

        One whose sandbox broke down goes on in another, once.
        """
        pace = Pace(progress)
        self._at_work[job.id] = asyncio.Event()
        try:
            async with Beginning(self._choice) as beginning, AsyncExitStack() as stack:
                async with self._places:
                    await asyncio.to_thread(clear_former, self._folder(job.id), job)
                    try:
                        own = self._journal(job.id, job.created_at)
                        journal = await stack.enter_async_context(own)
                        past = await journal.past()
                    except UnusableFile as error:
                        return Failed(kind=FailureKind.STORE, reason=self._told(error))
                    self._open[job.id] = journal
                    if past.outcome is not None:
                        pace.retell(past)
                        return past.outcome
                return await self._worked(job, journal, past, pace, beginning)
        finally:
            self._open.pop(job.id, None)
            self._at_work.pop(job.id).set()
            pace.close()

    async def gathered(self, job: JobSpec) -> Gathered:
        """See core.ports.Engine. Raises StoreError."""

        def read(tx: Transaction) -> tuple[Past, tuple[FileRow, ...], tuple[Read, ...]]:
            return read_past(tx), read_files(tx), read_reads(tx)

        async with self._journal(job.id) as journal:
            past, rows, reads = await journal.look(read)
        folder = self._folder(job.id) / files.FOLDER_NAME
        changes = await asyncio.to_thread(files.contents, folder, rows) if rows else ()
        return Gathered(
            operations=past.operations,
            files=changes,
            notes=past.notes,
            reads=(
                *await again(self._finder, job.thread.channel, reads),
                *await self._mentioned(job, past),
            ),
            heard=past.told,
        )

    async def steps(self, job_id: str) -> tuple[StepLine, ...]:
        """See core.ports.Transcripts. Raises StoreError."""
        journal = self._open.get(job_id)
        if journal is not None:
            return step_lines(await journal.look(read_steps))
        if not _ID.fullmatch(job_id):
            return ()
        if not await asyncio.to_thread((self._folder(job_id) / FILE_NAME).exists):
            return ()
        async with self._journal(job_id) as journal:
            return step_lines(await journal.look(read_steps))

    async def saw(self, job_id: str, traces: Traces) -> bool:
        """See core.ports.Memories."""
        return await asyncio.to_thread(memories.saw, self._folder(job_id), traces)

    async def forget(self, job_id: str) -> None:
        """See core.ports.Memories. Raises StoreError."""
        over = self._at_work.get(job_id)
        if over is not None:
            await over.wait()
        await asyncio.to_thread(remove, self._folder(job_id))

    async def sweep(self, before: float, unfinished: frozenset[str]) -> int:
        """Remove what jobs left that ended before `before` (Unix seconds); returns how many.

        `unfinished` are the ids of jobs that may go on, whenever they were last touched.
        """
        kept = unfinished | frozenset(self._open)
        return await asyncio.to_thread(sweep, self._root, before, kept)

    async def _worked(
        self, job: JobSpec, journal: Journal, past: Past, pace: Pace, beginning: Beginning
    ) -> Outcome | Asked:
        while True:
            offer = await self._offer(job)
            async with self._places:
                worker = await self._prepared(job, journal, past, pace, offer, beginning)
            if isinstance(worker, Failed):
                return worker
            outcome = await worker.work()
            if isinstance(outcome, Asked):
                return outcome
            if not broke_down(outcome):
                break
            if earlier := breakdowns(past):
                outcome = twice(earlier, outcome)
                break
            await journal.broke_down(outcome.reason)
            past = await journal.past()
        return await self._ended(job, journal, worker, outcome)

    async def _prepared(
        self,
        job: JobSpec,
        journal: Journal,
        past: Past,
        pace: Pace,
        offer: Offer,
        beginning: Beginning,
    ) -> Worker | Failed:
        """The attempt, begun: all that is left is to start its sandbox and serve it."""
        sandbox = self._choice.sandbox
        if sandbox is None:
            return Failed(kind=FailureKind.SANDBOX, reason=self._choice.finding)
        if idle(past) >= MOST_IDLE:
            reason = f"it was interrupted {MOST_IDLE} times without getting on, so it was given up"
            return Failed(kind=FailureKind.ATTEMPTS, reason=reason)
        channel = job.thread.channel
        pace.say("preparing")
        mounts = self._mounts(channel)
        workspace = await files.fill(
            self._folder(job.id),
            self._channels,
            channel,
            job.base_commit,
            empty=partial(beginning.empty_folder, self._shape(mounts)),
        )
        first = opening(job, sandbox.commands_off, mounts, self._hosts(job), offer)
        moved = await journal.moved(workspace) if past.steps else ()
        taken = take_up(past, first, moved, self._bounds.transcript)
        await journal.begin_attempt(
            job.attempt, workspace, told=taken.told, cut_off=taken.cut_off, thaw=past.frozen
        )
        reached(CommitPoint.ATTEMPT_STARTED)
        broker = await self._broker(job, journal, past, taken, pace, sandbox, workspace, offer)
        spec = SandboxSpec(
            job=job.id,
            workspace=workspace,
            sources=mounts,
            memory_mb=self._bounds.memory_mb,
            processes=self._bounds.processes,
            # What the channel has is not the job's doing.
            disk_mb=self._bounds.disk_mb + files.space_mb(await self._base(job)),
        )
        return Worker(job=job, sandbox=beginning, spec=spec, broker=broker)

    def _shape(self, mounts: tuple[Mount, ...]) -> Shape:
        bounds = self._bounds
        return Shape(sources=mounts, memory_mb=bounds.memory_mb, processes=bounds.processes)

    async def _broker(
        self,
        job: JobSpec,
        journal: Journal,
        past: Past,
        taken: Taken,
        pace: Pace,
        sandbox: Sandbox,
        workspace: Path,
        offer: Offer,
    ) -> Broker:
        tools = offered(
            commands=not sandbox.commands_off, web=bool(self._hosts(job)), served=offer.tools
        )
        asking = Asking(model=self._model, job=job, tools=tools, say=pace.say)
        if past.steps:
            pace.charged(await asking.charged())
        return Broker(
            job=job,
            journal=journal,
            taken=taken,
            asking=asking,
            approvals=self._approvals(job, workspace, offer),
            tools=HostTools(
                job=job,
                channels=self._channels,
                finder=self._finder,
                operations=past.operations,
                web=self._web,
                served=ServedTools(job, self._servers, offer) if self._servers else None,
            ),
            files=FileReads(job=job, channels=self._channels, steps=past.steps),
            steering=self._steering,
            told=past.told,
            workspace=workspace,
            commands_off=sandbox.commands_off,
            step=pace.move,
        )

    def _approvals(self, job: JobSpec, workspace: Path, offer: Offer) -> Approvals:
        return Approvals(
            job=job, channels=self._channels, rules=self._rules, workspace=workspace,
            web=self._web, offer=offer,
        )  # fmt: skip

    async def _ended(
        self, job: JobSpec, journal: Journal, worker: Worker, outcome: Completed | Failed
    ) -> Completed | Failed:
        """Write the end down; of completed work also the files that it changed."""
        rows: tuple[FileRow, ...] = ()
        notes: tuple[str, ...] = ()
        if isinstance(outcome, Completed):
            base = await self._base(job)
            try:
                rows, notes = await asyncio.to_thread(files.changed, worker.spec.workspace, base)
            except (WorkspaceUnfit, OSError) as error:
                reason = f"its workspace cannot be taken over: {error}"
                outcome = Failed(kind=FailureKind.WORKSPACE, reason=reason)
        await journal.end(outcome, rows, notes)
        return outcome

    async def _mentioned(self, job: JobSpec, past: Past) -> tuple[Mention, ...]:
        """Files that have changed meanwhile and that the job's commands may have read."""
        if not commands_ran(past.steps):
            return ()
        since = partial(files_since, base=job.base_commit)
        paths = await self._channels.read(job.thread.channel, since)
        return await asyncio.to_thread(mentions, past.steps, job.brief, paths) if paths else ()

    async def _base(self, job: JobSpec) -> tuple[StateFile, ...]:
        at_base = partial(list_files, prefix="", at=job.base_commit)
        return await self._channels.read(job.thread.channel, at_base)

    @asynccontextmanager
    async def _journal(
        self, job_id: str, created_at: float | None = None
    ) -> AsyncIterator[Journal]:
        opened = Journal.open(self._folder(job_id), self._clock, created_at)
        opening_it = asyncio.create_task(opened, name=f"open job {job_id}")
        try:
            yield await asyncio.shield(opening_it)
        except UnusableFile as error:
            raise UnusableFile(self._told(error)) from error
        finally:
            await to_the_end(_close(opening_it))

    def _told(self, error: UnusableFile) -> str:
        """For a channel: where the folder is on this machine is none of its business."""
        return str(error).replace(f"{self._root}/", "")

    async def _offer(self, job: JobSpec) -> Offer:
        if self._servers is None:
            return NOTHING
        return await self._servers.offer(job.thread.channel)

    def _hosts(self, job: JobSpec) -> tuple[str, ...]:
        return self._web.hosts(job.thread.channel) if self._web is not None else ()

    def _folder(self, job_id: str) -> Path:
        if not _ID.fullmatch(job_id):
            raise StoreError(f"{job_id[:80]!r} cannot be the id of a job")
        return self._root / job_id


async def _close(opening_it: "asyncio.Task[Journal]") -> None:
    try:
        journal = await opening_it
    except StoreError:
        return  # whoever opened it knows
    await journal.close()
