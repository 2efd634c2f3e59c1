"""Where ends become consequences: a turn's or job's end, a command, a refusal, each in one
transaction that is then shown. Decides no merge and sends nothing itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

import structlog

from core.commit_points import CommitPoint, reached
from core.conflicts import conflict_posts, take_buttons
from core.conversation import (
    Again,
    Arrived,
    Conversations,
    Event,
    LookedUp,
    NoTurn,
    TurnOver,
)
from core.errors import BadRequest, StoreError
from core.jobs.admission import Ticket
from core.jobs.job import Cancelled, Completed, Failed, FailureKind, Gathered
from core.jobs.supervisor import JobOver, Jobs, Stop
from core.messages import (
    Button,
    ChannelRef,
    Hint,
    InboundEvent,
    Message,
    Outbound,
    Person,
    Post,
    PostKind,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.outbox import Outbox
from core.posts import again_button, card, receipt_lines, result_post, undo_button
from core.primary.acts import Act
from core.primary.doing import Done
from core.primary.perform import Performer
from core.primary.turn import Turn, TurnEnd, answer_id
from core.records import inbox, jobs, outbox, turns
from core.records.inbox import inbox_id
from core.records.jobs import JobRow
from core.state.apply import Merged, merge
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.operations import Author, AuthorKind, Delta
from core.state.rules import Rules
from core.tasks import Tasks

log = structlog.get_logger(__name__)

_BUG = "An internal error kept me from handling this; the log has the details."


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """What has to happen once a transaction is through."""

    threads: frozenset[ThreadRef]
    commit: int | None = None
    started: Sequence[JobRow] = ()
    stops: Sequence[Stop] = ()
    paused: bool | None = None


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
        rules: Rules,
        new_turn: Callable[[Message, Callable[[StreamText], None]], Turn],
        clock: Callable[[], float],
        retry_s: float = 5.0,
    ) -> None:
        self._channels = channels
        self._outbox = outbox
        self._jobs = jobs
        self._tasks = tasks
        self._conversations = conversations
        self._performer = performer
        self._rules = rules
        self._new_turn = new_turn
        self._clock = clock
        self.retry_s = retry_s

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

    def start_turn(self, thread: ThreadRef, message: Message | str) -> None:
        """Let the primary agent work on the message, or on the one of that inbox id."""
        name = message if isinstance(message, str) else inbox_id(message)
        self._tasks.spawn(self._run_turn(thread, message), f"turn {name}")

    async def refuse(self, event: InboundEvent, text: str) -> None:
        """Answer an event with why nothing was done."""
        await self._answer(event, lambda tx: Done(text=text))

    async def apologise(self, event: Event) -> None:
        """A bug ended the handling of `event`: say so, and owe nothing more for it."""
        match event:
            case Arrived(event=inbound) | LookedUp(event=inbound):
                await self.refuse(inbound, _BUG)
            case TurnOver(message=message):
                await self.refuse(message, _BUG)
            case NoTurn() | Again():
                pass
            case JobOver():
                lost = Failed(kind=FailureKind.CRASHED, reason=_BUG)
                await self.conclude_job(replace(event, outcome=lost, gathered=Gathered()))
            case _ as unreachable:
                assert_never(unreachable)

    def look_up(self, event: InboundEvent, act: Act) -> None:
        """Look up what the act needs; that it was found is an event."""
        self._tasks.spawn(self._look_up(event, act), f"look up for {event.id}")

    async def perform(self, event: InboundEvent, act: Act, found: str) -> None:
        """Do what a command or press asks. Raises BadRequest, NotAllowed: then nothing was done."""
        await self._answer(event, partial(self._performer.do, act, event, _person(event), found))

    async def conclude_turn(self, message: Message, end: TurnEnd) -> None:
        """One transaction: the answer, the promised jobs, the turn's own operations."""
        reached(CommitPoint.TURN_BEFORE_COMMIT)
        channel = message.thread.channel
        try:
            after = await self._channels.write(channel, partial(self._commit_turn, message, end))
        except BadRequest as error:
            # The operations are not sound together, so none of them is merged.
            text = f"{end.text}\n\n(What I changed in the state was not merged: {error})"
            steps = tuple(replace(step, operation=None) for step in end.steps)
            await self.conclude_turn(message, replace(end, text=text, steps=steps))
            return
        reached(CommitPoint.TURN_COMMITTED)
        await self._follow(message.thread.channel, after)

    def _commit_turn(self, message: Message, end: TurnEnd, tx: Transaction) -> _After | None:
        if not inbox.close(tx, inbox_id(message)):
            return None
        merged = self._merge_turn(tx, message, end)
        started = self._queue_promised(tx, message)
        turns.end(tx, end.turn.id)
        lines = [f"started job {row.number}: {row.title}" for row in started]
        post = Post(
            id=answer_id(message),
            thread=message.thread,
            kind=PostKind.NOTICE if end.failed else PostKind.ANSWER,
            text=end.text or "(The model had nothing to say.)",
            at=self._clock(),
            reply_to=message.id,
            receipt=(*lines, *receipt_lines(merged)),
            buttons=_merge_buttons(merged),
            offline=end.offline,
        )
        threads = self._put(tx, [post, *(card(row) for row in started)], merged)
        return _After(threads=threads, commit=merged.commit, started=started)

    async def conclude_job(self, over: JobOver) -> None:
        """One transaction: the merge, the outcome, the receipt, the report."""
        reached(CommitPoint.OUTCOME_BEFORE_COMMIT)
        channel = over.thread.channel
        try:
            after = await self._channels.write(channel, partial(self._commit_job, over))
        except BadRequest as error:
            # The delta is not sound, so nothing of it was merged.
            unsound = Failed(kind=FailureKind.WORKSPACE, reason=str(error))
            await self.conclude_job(replace(over, outcome=unsound, gathered=Gathered()))
            return
        reached(CommitPoint.OUTCOME_COMMITTED)
        await self._follow(channel, after)

    def _commit_job(self, over: JobOver, tx: Transaction) -> _After | None:
        channel = over.thread.channel
        row = jobs.read(tx, channel, over.number)
        if row is None or row.outcome is not None:
            return None
        if row.stop_by is not None:
            # Who was told that it is being stopped must not find it merged.
            over = replace(over, outcome=Cancelled(by=row.stop_by), gathered=Gathered())
        merged = self._merge_job(tx, row, over)
        now = self._clock()
        jobs.end(
            tx, row.number, over.outcome, at=now,
            steps=over.progress.steps, tokens=over.progress.tokens,
        )  # fmt: skip
        ended = jobs.read(tx, channel, over.number)
        assert ended is not None
        again = () if isinstance(over.outcome, Completed) else (again_button(row.number),)
        result = result_post(
            ended, over.outcome, now, (*receipt_lines(merged), *over.gathered.notes),
            (*_merge_buttons(merged), *again),
        )  # fmt: skip
        return _After(threads=self._put(tx, [card(ended), result], merged), commit=merged.commit)

    async def _look_up(self, event: InboundEvent, act: Act) -> None:
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

    async def _run_turn(self, thread: ThreadRef, asked: Message | str) -> None:
        message, end, turn = None, None, None
        while True:
            try:
                message = asked if isinstance(asked, Message) else await self._owed(thread, asked)
                if message is not None:
                    turn = turn or self._new_turn(message, partial(self._stream, thread))
                    end = await turn.run()
                break
            except StoreError as error:
                log.error("a turn has to wait", thread=str(thread), error=str(error))
                await self.trouble(thread, error)
                await asyncio.sleep(self.retry_s)
            except Exception:
                # Part of the place around one event: its end is the event.
                log.exception("a turn ended with a bug", thread=str(thread))
                break
        self.deliver(thread, TurnOver(message=message, end=end) if message else NoTurn())

    async def _owed(self, thread: ThreadRef, id: str) -> Message | None:
        event = await self._channels.read(thread.channel, partial(inbox.find, id=id))
        return event if isinstance(event, Message) else None

    def _stream(self, thread: ThreadRef, hint: StreamText) -> None:
        self._tasks.spawn(self._outbox.hint(thread, hint), f"stream {hint.post_id}")

    def _merge_turn(self, tx: Transaction, message: Message, end: TurnEnd) -> Merged:
        operations = tuple(step.operation for step in end.steps if step.operation)
        return merge(
            tx,
            Delta(
                source=end.turn.id,
                author=Author(
                    kind=AuthorKind.AGENT,
                    person_id=message.author.id,
                    name=message.author.name,
                ),
                base=end.turn.base,
                at=self._clock(),
                about="an answer in the chat",
                operations=operations,
            ),
            self._rules.for_channel(message.thread.channel),
        )

    def _merge_job(self, tx: Transaction, row: JobRow, over: JobOver) -> Merged:
        return merge(
            tx,
            Delta(
                source=f"job:{row.id}",
                author=Author(
                    kind=AuthorKind.JOB,
                    person_id=row.requester.id,
                    name=row.requester.name,
                    job=row.number,
                ),
                base=row.base_commit,
                at=self._clock(),
                about=row.title,
                operations=over.gathered.operations,
                files=over.gathered.files,
            ),
            self._rules.for_channel(row.thread.channel),
        )

    @staticmethod
    def _queue_promised(tx: Transaction, message: Message) -> list[JobRow]:
        numbers = jobs.queue_promised(tx, inbox_id(message))
        rows = [jobs.read(tx, message.thread.channel, number) for number in numbers]
        return [row for row in rows if row is not None]

    async def _answer(self, event: InboundEvent, do: Callable[[Transaction], Done]) -> None:
        """Close the event with what was done about it, unless it was closed before."""

        def commit(tx: Transaction) -> _After | None:
            if not inbox.close(tx, inbox_id(event)):
                return None
            done = do(tx)
            post = Post(
                id=f"reply:{inbox_id(event)}",
                thread=event.thread,
                kind=PostKind.NOTICE,
                text=done.text,
                at=self._clock(),
                reply_to=event.id if isinstance(event, Message) else None,
                receipt=receipt_lines(done.merged),
                buttons=(*done.buttons, *_merge_buttons(done.merged)),
            )
            threads = self._put(tx, [post, *(card(row) for row in done.started)], done.merged)
            return _After(
                threads=threads, commit=done.merged.commit, started=done.started,
                stops=done.stops, paused=done.paused,
            )  # fmt: skip

        after = await self._channels.write(event.thread.channel, commit)
        reached(CommitPoint.COMMAND_COMMITTED)
        await self._follow(event.thread.channel, after)

    def _put(
        self, tx: Transaction, items: Sequence[Outbound], merged: Merged
    ) -> frozenset[ThreadRef]:
        """Promise to show the items, and in the thread of the first what the merge asks."""
        asked = conflict_posts(tx, items[0].thread, merged.conflicts, merged.commit, self._clock())
        for item in (*items, *asked):
            outbox.put(tx, item)
        return frozenset(item.thread for item in (*items, *asked))

    async def _follow(self, channel: ChannelRef, after: _After | None) -> None:
        """Do what follows a commit: at once, so that it happens in the order of the commits."""
        if after is None:
            return
        for thread in after.threads:
            self._outbox.kick(thread)
        for row in after.started:
            self._jobs.add(Ticket(channel=channel, number=row.number, person=row.requester.id))
        for stop in after.stops:
            self._jobs.stop(stop)
        if after.paused is not None:
            self._jobs.hold(channel, after.paused)
        if after.commit is not None:
            moved = StateMoved(channel=channel, commit=after.commit)
            await self._outbox.hint_channel(channel, moved)


def _person(event: InboundEvent) -> Person:
    return event.author if isinstance(event, Message) else event.person


def _merge_buttons(merged: Merged) -> tuple[Button, ...]:
    if merged.commit is None:
        return ()
    return (*take_buttons(merged), undo_button(merged.commit))
