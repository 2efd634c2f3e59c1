"""Runs the jobs that have a place and says how each ended. Decides no outcome's consequences."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakValueDictionary

import structlog

from core import asking, trace
from core.commit_points import CommitPoint, reached
from core.errors import BudgetExceeded, StoreError
from core.jobs.admission import Admission, Ticket
from core.jobs.again import former
from core.jobs.budget import admit
from core.jobs.job import (
    Asked,
    Cancelled,
    Completed,
    Failed,
    FailureKind,
    Gathered,
    JobSpec,
    JobState,
    Outcome,
    Progress,
    account_of,
)
from core.jobs.resting import LATER, given_up, rest_s
from core.jobs.waiting import Waiting
from core.messages import CardMoved, ChannelRef, ThreadRef, Trouble
from core.outbox import Outbox
from core.ports import Engine, Purse
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

# A backstop. A restart is nothing that a job has done: the engine gives up what does not get on.
MAX_ATTEMPTS = 30
# Of a channel's jobs that start at once, so many write their start: a message waits for no more.
MOST_STARTING = 4
ASK_EXPIRES_S = 86_400.0
_NOTHING_DONE = Progress(step="", steps=0, tokens=0)
_NOTHING_GATHERED = Gathered()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOver:
    """A job's attempt has ended for good: the event that its conversation turns into a report."""

    thread: ThreadRef
    number: int
    outcome: Outcome
    gathered: Gathered
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """That a job is to end, as the store has it. `thread` is the job's, `by` a person's name."""

    ticket: Ticket
    thread: ThreadRef
    by: str


@dataclass(slots=True, kw_only=True)
class Live:
    """A running job: its row as the attempt began, and how far it is since (`moves` counts).

    `until` is when it stops waiting for an answer, once it does. `wanted`: it is to run again.
    """

    row: JobRow
    task: asyncio.Task[None]
    progress: Progress = _NOTHING_DONE
    stopped_by: str | None = None
    moves: int = 0
    until: float | None = None
    wanted: bool = False


class Jobs:
    """All jobs that are not ended. `over` hands an end to the conversation that asked."""

    def __init__(
        self,
        *,
        admission: Admission,
        channels: Channels,
        engine: Engine,
        purse: Purse,
        outbox: Outbox,
        tasks: Tasks,
        defaults: ChannelSettings,
        max_completion_tokens: int,
        clock: Callable[[], float],
        over: Callable[[JobOver], None],
        ask_expires_s: float = ASK_EXPIRES_S,
        retry_s: float = 5.0,
    ) -> None:
        self._admission = admission
        self._channels = channels
        self._engine = engine
        self._purse = purse
        self._outbox = outbox
        self._tasks = tasks
        self._defaults = defaults
        self._max_completion_tokens = max_completion_tokens
        self._clock = clock
        self._over = over
        self._ask_expires_s = ask_expires_s
        self._retry_s = retry_s
        # Each exists while a job holds it or waits for it.
        self._starting = WeakValueDictionary[ChannelRef, asyncio.Semaphore]()
        self._running: dict[tuple[ChannelRef, int], Live] = {}
        self._resting: dict[Ticket, asyncio.TimerHandle] = {}
        self._waiting = Waiting(clock, self._expire_soon)
        self._rests: dict[Ticket, int] = {}

    def add(self, ticket: Ticket) -> None:
        """A job is queued (durably, by whoever calls): it runs when it has a place."""
        self._waiting.remove(ticket)
        live = self.live(ticket.channel, ticket.number)
        if live is not None:
            # Answered before it has given its place back.
            live.wanted = True
            return
        self._admission.add(ticket)
        self.fill()

    def take_up(self, ticket: Ticket) -> None:
        """A job was left unfinished by a process that ended; no effect when it is here already."""
        known = self.live(ticket.channel, ticket.number) is not None or ticket in self._resting
        if not known:
            self.add(ticket)

    def wait(self, ticket: Ticket, until: float) -> None:
        """A job waits for an answer (durably), at the longest until then (Unix seconds)."""
        self._waiting.add(ticket, until)

    def fill(self) -> None:
        """Start whatever may start now."""
        while (ticket := self._admission.next()) is not None:
            self._tasks.spawn(self._work(ticket), f"job {ticket.channel} {ticket.number}")

    def stop(self, stop: Stop) -> None:
        """Somebody asked (durably) to stop the job: end it now, wherever it stands.

        One that is between waiting and running is found to be stopped as it starts.
        """
        ticket = stop.ticket
        live = self._running.get((ticket.channel, ticket.number))
        resting = self._resting.pop(ticket, None)
        if live is not None:
            live.stopped_by = stop.by
            live.task.cancel()
        elif (
            resting is not None or self._waiting.remove(ticket) or self._admission.withdraw(ticket)
        ):
            if resting is not None:
                resting.cancel()
            self._rests.pop(ticket, None)
            self._over(_end(stop.thread, ticket.number, Cancelled(by=stop.by)))

    def hold(self, channel: ChannelRef, paused: bool) -> None:
        """Hold the channel's queued jobs back, or let them go on."""
        if paused:
            self._admission.pause(channel)
        else:
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
        trace.begin(channel=ticket.channel, number=ticket.number)
        over = None
        try:
            over = await self._run(ticket)
        except LATER as error:
            log.error("a job has to wait", channel=str(ticket.channel), error=str(error))
            self._rest(ticket)
        finally:
            # Whatever happened: a place that is never given back is lost to all channels.
            live = self._running.pop((ticket.channel, ticket.number), None)
            self._admission.release(ticket)
            if live is not None and live.until is not None:
                self._pause(ticket, live, live.until)
            self.fill()
        if over is not None:
            self._rests.pop(ticket, None)
            self._over(over)

    def _pause(self, ticket: Ticket, live: Live, until: float) -> None:
        if live.wanted:
            self._admission.add(ticket)
        else:
            self._waiting.add(ticket, until)

    async def _run(self, ticket: Ticket) -> JobOver | None:
        """Make an attempt; None when the job has ended already, or waits for an answer.

        Raises what is in LATER when it has to wait: what it did is in its journal.
        """
        async with self._gate(ticket.channel):
            row, spec = await self._start(ticket)
        trace.also(thread=row.thread, job=row.id)
        if row.outcome is not None or row.state is JobState.WAITING:
            return None
        if row.stop_by is not None:
            return _end(row.thread, row.number, Cancelled(by=row.stop_by))
        task = asyncio.current_task()
        assert task is not None
        live = self._running[ticket.channel, ticket.number] = Live(row=row, task=task)
        self._outbox.kick(row.thread)
        log.info("a job works", number=row.number, attempt=row.attempt)
        try:
            outcome, gathered = await self._attempt(live, spec)
            if isinstance(outcome, Asked):
                return await self._ask(live, outcome)
        except LATER as error:
            end = given_up(error, self._rests.get(ticket, 0))
            if end is None:
                self._tell(row, f"Job {row.number} has to wait and will go on: {error}")
                raise
            outcome, gathered = end, Gathered()
        except asyncio.CancelledError:
            # Without a name the whole bot stops: the job stays running and goes on after the start.
            if live.stopped_by is None:
                raise
            outcome, gathered = Cancelled(by=live.stopped_by), Gathered()
        return _end(row.thread, row.number, outcome, gathered, live.progress)

    async def _ask(self, live: Live, asked: Asked) -> JobOver | None:
        """Let the job wait for an answer; its end when it was asked to stop meanwhile."""
        channel, number = live.row.thread.channel, live.row.number

        def begin(tx: Transaction) -> tuple[float | None, JobRow | None]:
            until = asking.begin(
                tx, live.row, asked, live.progress, at=self._clock(), expires_s=self._ask_expires_s
            )
            return until, rows.read(tx, channel, number)

        live.until, row = await self._channels.write(channel, begin)
        self._outbox.kick(live.row.thread)
        if live.until is not None or row is None or row.stop_by is None:
            return None
        outcome = Cancelled(by=row.stop_by)
        return _end(row.thread, number, outcome, progress=live.progress)

    def _expire_soon(self, ticket: Ticket) -> None:
        self._tasks.spawn(self._expire(ticket), f"no answer to {ticket.channel} {ticket.number}")

    async def _expire(self, ticket: Ticket) -> None:
        """Time is up for an answer."""
        number, at = ticket.number, self._clock()
        expire = partial(asking.expire, channel=ticket.channel, job=number, at=at)
        try:
            thread = await self._channels.write(ticket.channel, expire)
        except StoreError as error:
            log.error("a question stays open", channel=str(ticket.channel), error=str(error))
            self._waiting.add(ticket, self._clock() + self._retry_s)
            return
        if thread is not None:
            self._outbox.kick(thread)
            self.add(ticket)

    def _tell(self, row: JobRow, text: str) -> None:
        hint = self._outbox.hint(row.thread, Trouble(thread=row.thread, text=text))
        self._tasks.spawn(hint, f"trouble of job {row.number}")

    def _rest(self, ticket: Ticket) -> None:
        """Try again after a while, each time a longer one."""
        rests = self._rests.get(ticket, 0)
        self._rests[ticket] = rests + 1
        loop = asyncio.get_running_loop()
        wait = rest_s(rests, self._retry_s)
        self._resting[ticket] = loop.call_later(wait, self._wake, ticket)

    def _wake(self, ticket: Ticket) -> None:
        del self._resting[ticket]
        self.add(ticket)

    async def _attempt(self, live: Live, spec: JobSpec) -> tuple[Outcome | Asked, Gathered]:
        if spec.attempt > MAX_ATTEMPTS:
            reason = f"it was interrupted {MAX_ATTEMPTS} times, so it was given up"
            return Failed(kind=FailureKind.ATTEMPTS, reason=reason), Gathered()
        try:
            if spec.attempt == 1:
                # A later one has something to show, and its first call is refused if need be.
                await admit(self._purse, spec)
            outcome = await self._engine.run(spec, partial(self._moved, live))
            if isinstance(outcome, Completed):
                return outcome, await self._engine.gathered(spec)
            return outcome, Gathered()
        except BudgetExceeded as error:
            reason = f"it was not started. {error}"
            return Failed(kind=FailureKind.BUDGET, reason=reason), Gathered()
        except LATER:
            raise
        except Exception:
            # The one place around a subagent's run: a bug there ends one job, with a trace.
            log.exception("a job ended with a bug", job=spec.id, channel=str(spec.thread.channel))
            reason = "an internal error ended it; the log has the details"
            return Failed(kind=FailureKind.CRASHED, reason=reason), Gathered()
        finally:
            self._purse.release(account_of(spec).work)

    def _gate(self, channel: ChannelRef) -> asyncio.Semaphore:
        """What the channel's jobs start through, in the order in which they got their places."""
        gate = self._starting.get(channel)
        if gate is None:
            gate = self._starting[channel] = asyncio.Semaphore(MOST_STARTING)
        return gate

    async def _start(self, ticket: Ticket) -> tuple[JobRow, JobSpec]:
        """Give the job an attempt, durably, and read it with all that it works under."""

        def start(tx: Transaction) -> tuple[JobRow, JobSpec]:
            begun = rows.start(
                tx, ticket.number, at=self._clock(), commit=head(tx), message=newest(tx)
            )
            row = rows.read(tx, ticket.channel, ticket.number)
            if row is None:
                raise LookupError(f"{ticket} has no row")
            if begun:
                outbox_rows.put(tx, card(row))
            again = None if row.again is None else rows.read(tx, ticket.channel, row.again)
            spec = self._spec(row, effective(tx, self._defaults), again)
            return row, replace(spec, answers=asking.answers(tx, row.number))

        found = await self._channels.write(ticket.channel, start)
        reached(CommitPoint.JOB_ADMITTED)
        return found

    def _spec(self, row: JobRow, settings: ChannelSettings, again: JobRow | None) -> JobSpec:
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
            created_at=row.created_at,
            model=settings.subagent_model,
            max_completion_tokens=self._max_completion_tokens,
            max_steps=settings.max_steps,
            timeout_s=settings.timeout_s,
            budget=row.budget,
            zone=settings.timezone,
            instructions=settings.instructions,
            former=None if again is None else former(again),
        )

    def _moved(self, live: Live, progress: Progress) -> None:
        live.progress = progress
        live.moves += 1
        shown = card(live.row, progress, live.moves)
        hint = self._outbox.hint(live.row.thread, CardMoved(card=shown))
        self._tasks.spawn(hint, f"card {shown.id}")


def _end(
    thread: ThreadRef,
    number: int,
    outcome: Outcome,
    gathered: Gathered = _NOTHING_GATHERED,
    progress: Progress = _NOTHING_DONE,
) -> JobOver:
    return JobOver(
        thread=thread, number=number, outcome=outcome, gathered=gathered, progress=progress
    )
