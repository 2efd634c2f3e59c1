"""Runs the jobs that have a place and says how each ended. Decides no outcome's consequences."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from core.commit_points import CommitPoint, reached
from core.errors import StoreError
from core.jobs.admission import Admission, Ticket
from core.jobs.job import (
    Cancelled,
    Completed,
    Failed,
    FailureKind,
    Gathered,
    JobSpec,
    JobState,
    Outcome,
    Progress,
)
from core.messages import CardMoved, ChannelRef, ThreadRef
from core.outbox import Outbox
from core.ports import Engine
from core.posts import card
from core.records import jobs as rows
from core.records import outbox as outbox_rows
from core.records.jobs import JobRow
from core.records.messages import newest
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.tasks import Tasks

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOver:
    """A job's attempt has ended for good: the event that its conversation turns into a report."""

    thread: ThreadRef
    number: int
    outcome: Outcome
    gathered: Gathered
    progress: Progress


@dataclass(slots=True, kw_only=True)
class Live:
    """A running job: its row as the attempt began, and how far it is since (`moves` counts)."""

    row: JobRow
    progress: Progress
    task: asyncio.Task[None] | None = None
    stopped_by: str | None = None
    moves: int = 0


class Jobs:
    """All jobs that are not ended. `over` hands an end to the conversation that asked."""

    def __init__(
        self,
        *,
        admission: Admission,
        channels: Channels,
        engine: Engine,
        outbox: Outbox,
        tasks: Tasks,
        defaults: ChannelSettings,
        max_completion_tokens: int,
        clock: Callable[[], float],
        over: Callable[[JobOver], None],
    ) -> None:
        self._admission = admission
        self._channels = channels
        self._engine = engine
        self._outbox = outbox
        self._tasks = tasks
        self._defaults = defaults
        self._max_completion_tokens = max_completion_tokens
        self._clock = clock
        self._over = over
        self._running: dict[tuple[ChannelRef, int], Live] = {}

    def add(self, ticket: Ticket) -> None:
        """A job is queued (durably, by whoever calls): it runs when it has a place."""
        self._admission.add(ticket)
        self.fill()

    def fill(self) -> None:
        """Start whatever may start now."""
        while (ticket := self._admission.next()) is not None:
            self._tasks.spawn(self._work(ticket), f"job {ticket.channel} {ticket.number}")

    def stop(self, ticket: Ticket, by: str, thread: ThreadRef) -> None:
        """Somebody asked (durably) to stop the job: end it now, wherever it stands."""
        running = self._running.get((ticket.channel, ticket.number))
        if running is not None:
            running.stopped_by = by
            if running.task is not None:
                running.task.cancel()
        elif self._admission.withdraw(ticket):
            self._end(ticket, thread, Cancelled(by=by), Gathered(), _NOTHING)

    def pause(self, channel: ChannelRef) -> None:
        """Hold the channel's queued jobs back."""
        self._admission.pause(channel)

    def resume(self, channel: ChannelRef) -> None:
        """Let the channel's queued jobs go on."""
        self._admission.resume(channel)
        self.fill()

    def obstacle(self, ticket: Ticket, more: int = 0) -> str | None:
        """Why one more job would be queued, in words; None when it would start at once."""
        return self._admission.obstacle(ticket, more)

    def live(self, channel: ChannelRef, number: int) -> Live | None:
        """A running job as it is now, fresher than its row."""
        return self._running.get((channel, number))

    def running(self, channel: ChannelRef) -> int:
        """How many jobs of the channel run."""
        return sum(1 for where, _ in self._running if where == channel)

    async def _work(self, ticket: Ticket) -> None:
        try:
            row = await self._start(ticket)
        except StoreError as error:
            log.error("a job cannot start", channel=str(ticket.channel), error=str(error))
            self._admission.release(ticket)
            asyncio.get_running_loop().call_later(5.0, self.add, ticket)
            return
        if row.state is JobState.ENDED:
            self._admission.release(ticket)
            return
        if row.stop_by is not None:
            self._admission.release(ticket)
            self._end(ticket, row.thread, Cancelled(by=row.stop_by), Gathered(), _NOTHING)
            return
        running = self._running[ticket.channel, ticket.number] = Live(row=row, progress=_NOTHING)
        running.task = asyncio.current_task()
        self._outbox.kick(row.thread)
        try:
            outcome, gathered = await self._attempt(ticket, running)
        except asyncio.CancelledError:
            # Without a name the whole bot stops: the job stays running and goes on after the start.
            if running.stopped_by is None:
                raise
            outcome, gathered = Cancelled(by=running.stopped_by), Gathered()
        finally:
            self._running.pop((ticket.channel, ticket.number), None)
            self._admission.release(ticket)
        self._end(ticket, row.thread, outcome, gathered, running.progress)
        self.fill()

    async def _attempt(self, ticket: Ticket, running: Live) -> tuple[Outcome, Gathered]:
        row = running.row
        if row.attempt > MAX_ATTEMPTS:
            reason = f"it was interrupted {MAX_ATTEMPTS} times, so it was given up"
            return Failed(kind=FailureKind.ATTEMPTS, reason=reason), Gathered()
        try:
            spec = await self._spec(row)
            outcome = await self._engine.run(spec, partial(self._moved, running))
            gathered = Gathered()
            if isinstance(outcome, Completed):
                gathered = await self._engine.gathered(spec)
        except StoreError as error:
            return Failed(kind=FailureKind.STORE, reason=str(error)), Gathered()
        except Exception:
            # The one place around a subagent's run: a bug there ends one job, with a trace.
            log.exception("a job ended with a bug", job=row.number, channel=str(ticket.channel))
            reason = "an internal error ended it; the log has the details"
            return Failed(kind=FailureKind.CRASHED, reason=reason), Gathered()
        return outcome, gathered

    async def _start(self, ticket: Ticket) -> JobRow:
        """Give the job an attempt, durably, and read it."""

        def start(tx: Transaction) -> JobRow:
            rows.start(
                tx,
                ticket.number,
                at=self._clock(),
                commit=head(tx),
                message=newest(tx),
            )
            row = rows.read(tx, ticket.channel, ticket.number)
            if row is None:
                raise LookupError(f"{ticket} has no row")
            if row.state is JobState.RUNNING:
                outbox_rows.put(tx, card(row))
            return row

        row = await self._channels.write(ticket.channel, start)
        reached(CommitPoint.JOB_ADMITTED)
        return row

    async def _spec(self, row: JobRow) -> JobSpec:
        def read(tx: Transaction) -> ChannelSettings:
            return effective(tx, self._defaults)

        settings = await self._channels.read(row.thread.channel, read)
        return JobSpec(
            id=row.id,
            number=row.number,
            thread=row.thread,
            title=row.title,
            brief=row.brief,
            requester=row.requester,
            base_commit=row.base_commit,
            base_message=row.base_message,
            rules_revision=row.rules_revision,
            attempt=row.attempt,
            model=settings.subagent_model,
            max_completion_tokens=self._max_completion_tokens,
            max_steps=settings.max_steps,
            timeout_s=settings.timeout_s,
            budget_tokens=row.budget_tokens,
            instructions=settings.instructions,
        )

    def _moved(self, running: Live, progress: Progress) -> None:
        running.progress = progress
        running.moves += 1
        shown = card(running.row, progress, running.moves)
        hint = self._outbox.hint(running.row.thread, CardMoved(card=shown))
        self._tasks.spawn(hint, f"card {shown.id}")

    def _end(
        self, ticket: Ticket, thread: ThreadRef, outcome: Outcome, gathered: Gathered, at: Progress
    ) -> None:
        self._over(
            JobOver(
                thread=thread,
                number=ticket.number,
                outcome=outcome,
                gathered=gathered,
                progress=replace(at, step=""),
            )
        )


_NOTHING = Progress(step="", steps=0, tokens=0)
