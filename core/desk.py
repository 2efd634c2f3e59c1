"""Where ends become consequences: a turn's or job's end, a command, a refusal, each in one
transaction that is then shown. Decides no merge and sends nothing itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from core.commit_points import CommitPoint, reached
from core.conflicts import conflict_posts, take_buttons
from core.conversation import Arrived, Conversations, Event, TurnOver
from core.errors import BadRequest, StoreError
from core.jobs.admission import Ticket
from core.jobs.job import Completed, Failed, FailureKind, Gathered
from core.jobs.supervisor import JobOver, Jobs
from core.messages import (
    Button,
    Hint,
    InboundEvent,
    Message,
    Outbound,
    Post,
    PostKind,
    StateMoved,
    StreamText,
    ThreadRef,
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


@dataclass(slots=True, kw_only=True)
class _Shown:
    """What a transaction promised to show, and what has to happen after it."""

    commit: int | None = None
    started: list[JobRow] = field(default_factory=list)
    threads: set[ThreadRef] = field(default_factory=set)


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

    async def hint(self, thread: ThreadRef, hint: Hint) -> None:
        """Show something that may be lost."""
        await self._outbox.hint(thread, hint)

    def deliver(self, thread: ThreadRef, event: Event) -> None:
        """Put an event into a thread's mailbox."""
        self._conversations.deliver(thread, event)

    def start_turn(self, message: Message, post: Callable[[Event], None]) -> None:
        """Let the primary agent work on the message; its end is posted as an event."""
        self._tasks.spawn(self._run_turn(message, post), f"turn {message.id}")

    async def refuse(self, event: InboundEvent, text: str) -> None:
        """Answer an event with why nothing was done."""
        await self._answer(event, Done(text=text))

    async def apologise(self, event: Event) -> None:
        """A bug ended the handling of `event`: say so, and owe nothing more for it."""
        text = "An internal error kept me from handling this; the log has the details."
        try:
            match event:
                case Arrived(event=inbound):
                    await self._answer(inbound, Done(text=text))
                case TurnOver(message=message):
                    await self._answer(message, Done(text=text))
                case JobOver():
                    lost = Failed(kind=FailureKind.CRASHED, reason=text)
                    await self.conclude_job(replace(event, outcome=lost, gathered=Gathered()))
        except StoreError as error:
            log.error("not even that could be kept", error=str(error))

    async def perform(self, event: InboundEvent, act: Act) -> None:
        """Do what a command or press asks. Raises BadRequest, NotAllowed: then nothing was done."""
        person = event.author if isinstance(event, Message) else event.person
        looked_up = await self._performer.look_up(act, event.thread.channel, person)
        done = await self._answer(event, partial(self._performer.do, act, event, person, looked_up))
        if done is None:
            return
        for ticket, thread in done.stops:
            self._jobs.stop(ticket, person.name, thread)
        match done.paused:
            case True:
                self._jobs.pause(event.thread.channel)
            case False:
                self._jobs.resume(event.thread.channel)

    async def conclude_turn(self, message: Message, end: TurnEnd) -> None:
        """One transaction: the answer, the promised jobs, the turn's own operations."""

        def commit(tx: Transaction) -> _Shown | None:
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
            cards = [card(row) for row in started]
            shown = self._put(tx, message.thread, [post, *cards], merged)
            shown.started = started
            return shown

        reached(CommitPoint.TURN_BEFORE_COMMIT)
        shown = await self._channels.write(message.thread.channel, commit)
        reached(CommitPoint.TURN_COMMITTED)
        await self._show(message.thread, shown)

    async def conclude_job(self, over: JobOver) -> None:
        """One transaction: the merge, the outcome, the receipt, the report."""
        channel = over.thread.channel

        def commit(tx: Transaction) -> _Shown | None:
            row = jobs.read(tx, channel, over.number)
            if row is None or row.outcome is not None:
                return None
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
            return self._put(tx, row.thread, [card(ended), result], merged)

        reached(CommitPoint.OUTCOME_BEFORE_COMMIT)
        try:
            shown = await self._channels.write(channel, commit)
        except BadRequest as error:
            # The delta is not sound, so nothing of it was merged.
            unsound = Failed(kind=FailureKind.WORKSPACE, reason=str(error))
            await self.conclude_job(replace(over, outcome=unsound, gathered=Gathered()))
            return
        reached(CommitPoint.OUTCOME_COMMITTED)
        await self._show(over.thread, shown)

    async def _run_turn(self, message: Message, post: Callable[[Event], None]) -> None:
        end, again = None, True
        try:
            turn = self._new_turn(message, partial(self._stream, message.thread))
            end = await turn.run()
        except StoreError as error:
            log.error("a turn has to wait", message=message.id, error=str(error))
        except Exception:
            log.exception("a turn ended with a bug", message=message.id)
            await self.apologise(Arrived(event=message))
            again = False
        post(TurnOver(message=message, end=end, again=again))

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

    async def _answer(
        self, event: InboundEvent, do: Done | Callable[[Transaction], Done]
    ) -> Done | None:
        """Close the event with what was done about it; None when it was closed before."""

        def commit(tx: Transaction) -> tuple[Done, _Shown] | None:
            if not inbox.close(tx, inbox_id(event)):
                return None
            done = do if isinstance(do, Done) else do(tx)
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
            cards = [card(row) for row in done.started]
            shown = self._put(tx, event.thread, [post, *cards], done.merged)
            shown.started = list(done.started)
            return done, shown

        found = await self._channels.write(event.thread.channel, commit)
        reached(CommitPoint.COMMAND_COMMITTED)
        if found is None:
            return None
        await self._show(event.thread, found[1])
        return found[0]

    def _put(
        self, tx: Transaction, thread: ThreadRef, items: Sequence[Outbound], merged: Merged
    ) -> _Shown:
        asked = conflict_posts(tx, thread, merged.conflicts, self._clock())
        for item in (*items, *asked):
            outbox.put(tx, item)
        return _Shown(commit=merged.commit, threads={item.thread for item in (*items, *asked)})

    async def _show(self, thread: ThreadRef, shown: _Shown | None) -> None:
        if shown is None:
            return
        for touched in shown.threads:
            self._outbox.kick(touched)
        for row in shown.started:
            self._jobs.add(
                Ticket(channel=thread.channel, number=row.number, person=row.requester.id)
            )
        if shown.commit is not None:
            moved = StateMoved(channel=thread.channel, commit=shown.commit)
            await self._outbox.hint(thread, moved)


def _merge_buttons(merged: Merged) -> tuple[Button, ...]:
    if merged.commit is None:
        return ()
    return (*take_buttons(merged), undo_button(merged.commit))
