"""Where ends become consequences: a turn's or job's end, a command, a refusal, each in one
transaction that is then shown. Writes and sends nothing itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

import structlog

from core import trace
from core.commit_points import CommitPoint, reached
from core.conversation import (
    Again,
    Arrived,
    Changed,
    Conversations,
    Event,
    LookedUp,
    NoTurn,
    TurnOver,
)
from core.endings import After, Endings
from core.errors import BadRequest, StoreError
from core.jobs.admission import Ticket
from core.jobs.job import Failed, FailureKind, Gathered
from core.jobs.supervisor import JobOver, Jobs
from core.messages import (
    Asking,
    ChannelRef,
    Hint,
    Message,
    Person,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.outbox import Outbox
from core.primary.acts import Act, StopThread
from core.primary.doing import Done
from core.primary.perform import Performer
from core.primary.turn import Begun, Turn, TurnEnd
from core.records import inbox, outbox
from core.records.inbox import inbox_id
from core.records.messages import Said
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.state.rules import Rules
from core.tally import Tally
from core.tasks import Tasks
from core.turnstile import Turnstile

log = structlog.get_logger(__name__)

_BUG = "An internal error kept me from handling this; the log has the details."


@dataclass(slots=True, kw_only=True)
class _Working:
    """A thread's turn that runs, about the message of inbox id `id`."""

    id: str
    task: asyncio.Task[object]
    turn: Turn | None = None
    called_off: bool = False


class Desk:
    """All that a conversation has done for it."""

    def __init__(
        self,
        *,
        channels: Channels,
        outbox: Outbox,
        jobs: Jobs,
        tasks: Tasks,
        conversations: Conversations,
        performer: Performer,
        forget: Callable[[ChannelRef, int], None],
        rules: Rules,
        new_turn: Callable[[Message, Callable[[StreamText], None]], Turn],
        index: Callable[[ChannelRef], None],
        clock: Callable[[], float],
        retry_s: float = 5.0,
    ) -> None:
        self._channels = channels
        self._turnstile = Turnstile()
        self._outbox = outbox
        self._jobs = jobs
        self._tasks = tasks
        self._conversations = conversations
        self._performer = performer
        self._forget = forget
        self._endings = Endings(rules=rules, clock=clock)
        self._new_turn = new_turn
        self._index = index
        self._working: dict[ThreadRef, _Working] = {}
        self.retry_s = retry_s
        self.on_answered: Callable[[Message, Sequence[Said]], None] = _ignore
        """Hears of each turn that has ended, and what it was shown of its thread."""
        self.merges = Tally()

    @property
    def turns(self) -> int:
        """How many messages are being answered."""
        return len(self._working)

    async def hint(self, thread: ThreadRef, hint: Hint) -> None:
        """Show something that may be lost."""
        await self._outbox.hint(thread, hint)

    def deliver(self, thread: ThreadRef, event: Event) -> None:
        """Put an event into a thread's mailbox."""
        self._conversations.deliver(thread, event)

    async def trouble(self, thread: ThreadRef, error: StoreError) -> None:
        """Tell people that the store fails; what it failed is tried again."""
        text = f"I cannot keep anything just now and will try again: {error}"
        await self.hint(thread, Trouble(thread=thread, text=text))

    def beginning(self, message: Message) -> Callable[[Transaction], Begun | None] | None:
        """How a turn about the message begins in the transaction that keeps it; None while others
        have to wait for their turns: then to be kept and to be seen comes first."""
        return self._new_turn(message, _show_nothing).begin if self._turnstile.free else None

    def start_turn(
        self, thread: ThreadRef, message: Message | str, begun: Begun | None = None
    ) -> None:
        """Let the primary agent work on the message, or on the one of that inbox id."""
        name = message if isinstance(message, str) else inbox_id(message)
        self._tasks.spawn(self._run_turn(thread, message, begun), f"turn {name}")

    def call_off(self, thread: ThreadRef, id: str) -> None:
        """Nobody wants the turn about the message of that inbox id any more, as the store has it:
        if it runs, it ends now."""
        working = self._working.get(thread)
        if working is not None and working.id == id:
            working.called_off = True
            working.task.cancel()

    async def refuse(self, event: Asking, text: str) -> None:
        """Answer an event with why nothing was done."""
        await self._answer(event, lambda tx: Done(text=text, refused=True))

    async def apologise(self, event: Event) -> None:
        """A bug ended the handling of `event`: say so, and owe nothing more for it."""
        match event:
            case Arrived(event=inbound) | LookedUp(event=inbound):
                await self.refuse(inbound, _BUG)
            case TurnOver(message=message):
                await self.refuse(message, _BUG)
            case NoTurn() | Again() | Changed():
                pass
            case JobOver():
                lost = Failed(kind=FailureKind.CRASHED, reason=_BUG)
                await self.conclude_job(replace(event, outcome=lost, gathered=Gathered()))
            case _ as unreachable:
                assert_never(unreachable)

    def look_up(self, event: Asking, act: Act) -> None:
        """Look up what the act needs; that it was found is an event."""
        self._tasks.spawn(self._look_up(event, act), f"look up for {event.id}")

    async def perform(self, event: Asking, act: Act, found: str) -> None:
        """Do what a command or press asks. Raises BadRequest, NotAllowed: then nothing was done."""
        if isinstance(act, StopThread):
            found = self._shown(event.thread)
        do = partial(self._performer.do, act, event, _person(event), found)
        after = await self._answer(event, do)
        if after is not None and after.ended is not None:
            self.call_off(event.thread, after.ended)

    async def conclude_turn(self, message: Message, end: TurnEnd) -> None:
        """One transaction: the answer, the promised jobs, the turn's own operations."""
        reached(CommitPoint.TURN_BEFORE_COMMIT)
        channel = message.thread.channel
        try:
            with self.merges.timed():
                after = await self._channels.write(
                    channel, partial(self._endings.of_turn, message, end)
                )
        except BadRequest as error:
            # The operations are not sound together, so none of them is merged.
            text = f"{end.text}\n\n(What I changed in the state was not merged: {error})"
            steps = tuple(replace(step, operation=None) for step in end.steps)
            await self.conclude_turn(message, replace(end, text=text, steps=steps))
            return
        reached(CommitPoint.TURN_COMMITTED)
        log.info("a turn has ended", message=message.id, steps=len(end.steps), failed=end.failed)
        await self._follow(message.thread.channel, after)
        self.on_answered(message, end.tail)

    async def conclude_job(self, over: JobOver) -> None:
        """One transaction: the merge, the outcome, the receipt, the report."""
        reached(CommitPoint.OUTCOME_BEFORE_COMMIT)
        channel = over.thread.channel
        try:
            with self.merges.timed():
                after = await self._channels.write(channel, partial(self._endings.of_job, over))
        except BadRequest as error:
            # The delta is not sound, so nothing of it was merged.
            unsound = Failed(kind=FailureKind.WORKSPACE, reason=str(error))
            await self.conclude_job(replace(over, outcome=unsound, gathered=Gathered()))
            return
        reached(CommitPoint.OUTCOME_COMMITTED)
        end, done = type(over.outcome).__name__.lower(), over.progress
        log.info("a job has ended", number=over.number, end=end, steps=done.steps)
        await self._follow(channel, after)

    async def notice(self, channel: ChannelRef) -> None:
        """Another program has written to the channel's file: show what it left there."""
        try:
            if await self._channels.exists(channel):
                after = await self._channels.read(channel, partial(_left, channel=channel))
                await self._follow(channel, after)
        except StoreError as error:
            log.error("what was written outside waits", channel=str(channel), error=str(error))

    async def _look_up(self, event: Asking, act: Act) -> None:
        channel = event.thread.channel
        try:
            found = await self._performer.look_up(act, channel, _person(event))
        except (BadRequest, StoreError) as error:
            found = str(error)
        except Exception:
            # Part of the place around one event.
            log.exception("a look-up ended with a bug", channel=str(channel))
            found = _BUG
        self.deliver(event.thread, LookedUp(event=event, act=act, found=found))

    async def _run_turn(self, thread: ThreadRef, asked: Message | str, begun: Begun | None) -> None:
        id = asked if isinstance(asked, str) else inbox_id(asked)
        trace.begin(thread=thread, message=id)
        task = asyncio.current_task()
        assert task is not None
        working = self._working[thread] = _Working(id=id, task=task)
        over: TurnOver | NoTurn = NoTurn()
        try:
            async with self._turnstile.passing():
                over = await self._worked(thread, asked, working, begun)
        except asyncio.CancelledError:
            if not working.called_off:
                raise
        finally:
            del self._working[thread]
        self.deliver(thread, over)

    async def _worked(
        self, thread: ThreadRef, asked: Message | str, working: _Working, begun: Begun | None
    ) -> TurnOver | NoTurn:
        message, end = None, None
        while True:
            try:
                message = asked if isinstance(asked, Message) else await self._owed(thread, asked)
                if message is not None:
                    if working.turn is None:
                        working.turn = self._new_turn(message, partial(self._stream, thread))
                    # Once: after a failure it is read how it stands by then.
                    now, begun = begun, None
                    end = await working.turn.run(now)
                    if end is None:
                        return NoTurn()
                break
            except StoreError as error:
                log.error("a turn has to wait", thread=str(thread), error=str(error))
                await self.trouble(thread, error)
                await asyncio.sleep(self.retry_s)
            except Exception:
                # Part of the place around one event: its end is the event.
                log.exception("a turn ended with a bug", thread=str(thread))
                break
        return TurnOver(message=message, end=end) if message else NoTurn()

    async def _owed(self, thread: ThreadRef, id: str) -> Message | None:
        event = await self._channels.look(thread.channel, partial(inbox.find, id=id))
        return event if isinstance(event, Message) else None

    def _stream(self, thread: ThreadRef, hint: StreamText) -> None:
        self._tasks.spawn(self._outbox.hint(thread, hint), f"stream {hint.post_id}")

    def _shown(self, thread: ThreadRef) -> str:
        working = self._working.get(thread)
        return working.turn.shown if working is not None and working.turn is not None else ""

    async def _answer(self, event: Asking, do: Callable[[Transaction], Done]) -> After | None:
        """Close the event with what was done about it, unless it was closed before."""
        settle = partial(self._endings.of_act, event, do)
        after = await self._channels.write(event.thread.channel, settle)
        reached(CommitPoint.COMMAND_COMMITTED)
        await self._follow(event.thread.channel, after)
        return after

    async def _follow(self, channel: ChannelRef, after: After | None) -> None:
        """Do what follows a commit: at once, so that it happens in the order of the commits."""
        if after is None:
            return
        for thread, waiting in after.shown.items():
            self._outbox.kick(thread, waiting)
        for row in after.started:
            self._jobs.add(Ticket(channel=channel, number=row.number, person=row.requester.id))
        for stop in after.stops:
            self._jobs.stop(stop)
        if after.paused is not None:
            self._jobs.hold(channel, after.paused)
        if after.forgets is not None:
            self._forget(channel, after.forgets)
        if after.commit is not None:
            self._index(channel)
            moved = StateMoved(channel=channel, commit=after.commit)
            await self._outbox.hint_channel(channel, moved)


def _ignore(message: Message, tail: Sequence[Said]) -> None:
    """Nobody asked to be told."""


def _show_nothing(hint: StreamText) -> None:
    """What only begins streams nothing."""


def _left(tx: Transaction, channel: ChannelRef) -> After:
    waiting = outbox.waiting_threads(tx)
    threads = (ThreadRef(channel=channel, thread=thread) for thread in waiting)
    return After(shown=dict.fromkeys(threads, ()), commit=head(tx) or None)


def _person(event: Asking) -> Person:
    return event.author if isinstance(event, Message) else event.person
