"""What the end of a turn, a job or an act leaves in the channel's file: one transaction each.
Decides no merge; what has to happen afterwards is only named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core import asking, confirming, joining
from core.attachments.telling import kept_lines
from core.conflicts import conflict_posts, outdated_posts, take_buttons
from core.jobs.job import Cancelled, Completed, Gathered, Outcome
from core.jobs.supervisor import JobOver, Stop
from core.messages import Asking, Button, Message, Outbound, Post, PostKind, Press, ThreadRef
from core.posts import (
    again_button,
    card,
    receipt_lines,
    result_post,
    undo_button,
    worth_again,
)
from core.primary.doing import Done
from core.primary.turn import TurnEnd, answer_id
from core.records import inbox, jobs, outbox, plans, turns, watchers
from core.records.inbox import inbox_id
from core.records.jobs import JobRow
from core.records.outbox import Waiting
from core.state.apply import Merged, merge
from core.state.database import Transaction
from core.state.drift import drift
from core.state.operations import Author, AuthorKind, Delta
from core.state.rules import Rules, adopted
from core.state.since import changed_since

_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What has to happen once a transaction is through. `shown` are the threads in which something
    waits to be shown, with what that is where it is known."""

    shown: Mapping[ThreadRef, Sequence[Waiting]]
    commit: int | None = None
    started: Sequence[JobRow] = ()
    stops: Sequence[Stop] = ()
    paused: bool | None = None
    forgets: int | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """The three kinds of end. All functions run inside a write of the channel."""

    rules: Rules
    clock: Callable[[], float]

    def of_turn(self, message: Message, end: TurnEnd, tx: Transaction) -> After | None:
        """The answer, the promised jobs, the turn's own operations; None when it was answered, or
        when nobody wants this turn any more.

        Raises BadRequest when the operations are not sound together; then nothing is kept.
        """
        if not turns.is_running(tx, end.turn.id) or not inbox.close(tx, inbox_id(message)):
            return None
        merged, plan, started = Merged(commit=None), None, list[JobRow]()
        lines = [*kept_lines(message)]
        if end.steps:
            # Whatever a turn does besides answering, one of its steps has done.
            merged = self._merge_turn(tx, message, end)
            plan = plans.about(tx, inbox_id(message))
            started = self._queue_promised(tx, message) if plan is None else []
            lines += [f"started job {row.number}: {row.title}" for row in started]
            lines += [f"joined job {job}" for job in watchers.by_message(tx, inbox_id(message))]
        turns.end(tx, end.turn.id)
        post = Post(
            id=answer_id(message),
            thread=message.thread,
            kind=PostKind.NOTICE if end.failed else PostKind.ANSWER,
            text=end.text or "(The model had nothing to say.)",
            at=self.clock(),
            reply_to=message.id,
            receipt=(*lines, *receipt_lines(merged)),
            buttons=_merge_buttons(merged),
            offline=end.offline,
        )
        shown: list[Outbound] = [post, *(card(row) for row in started)]
        if plan is not None:
            shown.append(confirming.plan_post(tx, plan, message, self.clock()))
        return After(shown=self._put(tx, shown, merged), commit=merged.commit, started=started)

    def of_job(self, over: JobOver, tx: Transaction) -> After | None:
        """The merge, the outcome, the receipt, the report; None when it had its outcome before.

        Raises BadRequest when the delta is not sound; then nothing is kept.
        """
        channel = over.thread.channel
        row = jobs.read(tx, channel, over.number)
        if row is None or row.outcome is not None:
            return None
        if row.stop_by is not None:
            # Who was told that it is being stopped must not find it merged.
            over = replace(over, outcome=Cancelled(by=row.stop_by), gathered=Gathered())
        over = replace(over, outcome=_with_drift(tx, row, over))
        merged = self._merge_job(tx, row, over)
        asking.forget(tx, row)
        now = self.clock()
        jobs.end(
            tx, row.number, over.outcome, at=now,
            steps=over.progress.steps, tokens=over.progress.tokens, cost=over.progress.cost,
        )  # fmt: skip
        ended = jobs.read(tx, channel, over.number)
        assert ended is not None
        again = (again_button(row.number),) if worth_again(over.outcome) else ()
        result = result_post(
            ended, over.outcome, now,
            (*receipt_lines(merged), *over.gathered.notes, *_unheard(tx, over)),
            (*_merge_buttons(merged), *again),
        )  # fmt: skip
        shown: list[Outbound] = [card(ended), result, *joining.posts(tx, ended, result)]
        watchers.remove(tx, row.number)
        return After(shown=self._put(tx, shown, merged), commit=merged.commit)

    def of_act(
        self, event: Asking, do: Callable[[Transaction], Done], tx: Transaction
    ) -> After | None:
        """The event is closed with what was done about it; None when it was closed before.

        Raises what `do` raises; then nothing is kept.
        """
        id = inbox_id(event)
        if not inbox.close(tx, id):
            return None
        turn = turns.running_about(tx, id)
        if turn is not None:
            # A bug ended it: nothing comes of it.
            turns.give_up(tx, turn, id)
        done = do(tx)
        post = Post(
            id=f"reply:{id}",
            thread=event.thread,
            kind=PostKind.NOTICE,
            text=done.text,
            at=self.clock(),
            reply_to=event.id if isinstance(event, Message) else None,
            press=event.id if isinstance(event, Press) else None,
            # A press that is refused concerns nobody else.
            alone=event.person if done.refused and isinstance(event, Press) else None,
            receipt=(*_kept_files(event), *receipt_lines(done.merged)),
            buttons=(*done.buttons, *_merge_buttons(done.merged)),
        )
        shown = self._put(
            tx, [post, *done.others, *(card(row) for row in done.started)], done.merged
        )
        return After(
            shown=shown, commit=done.merged.commit, started=done.started,
            stops=done.stops, paused=done.paused, forgets=done.forgets, ended=done.ended,
        )  # fmt: skip

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
                at=self.clock(),
                about="an answer in the chat",
                operations=operations,
            ),
            self.rules.for_channel(message.thread.channel),
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
                at=self.clock(),
                about=row.title,
                operations=over.gathered.operations,
                files=over.gathered.files,
            ),
            # Those it began with: they are part of its snapshot.
            adopted(tx, row.rules_revision),
        )

    @staticmethod
    def _queue_promised(tx: Transaction, message: Message) -> list[JobRow]:
        numbers = jobs.queue_promised(tx, inbox_id(message))
        rows = [jobs.read(tx, message.thread.channel, number) for number in numbers]
        return [row for row in rows if row is not None]

    def _put(
        self, tx: Transaction, items: Sequence[Outbound], merged: Merged
    ) -> Mapping[ThreadRef, Sequence[Waiting]]:
        """Promise to show the items, and in the thread of the first what the merge asks."""
        asked = conflict_posts(tx, items[0].thread, merged.conflicts, merged.commit, self.clock())
        for item in (*items, *asked):
            outbox.put(tx, item)
        outdated = outdated_posts(tx, merged)
        for post in outdated:
            outbox.show_again(tx, post)
        every = (*items, *asked, *outdated)
        threads = dict.fromkeys(item.thread for item in every)
        return {thread: outbox.only(tx, thread.thread, every) for thread in threads}


def _with_drift(tx: Transaction, row: JobRow, over: JobOver) -> Outcome:
    """Completed work is told what it read and has changed, before its own changes land."""
    if not isinstance(over.outcome, Completed):
        return over.outcome
    reads = over.gathered.reads
    return replace(over.outcome, drift=drift(reads, changed_since(tx, row.base_commit, reads)))


def _unheard(tx: Transaction, over: JobOver) -> tuple[str, ...]:
    """What people said to a completed job, and were told that it reads, after it had finished."""
    if over.gathered.heard is None:
        return ()
    late = jobs.steering(tx, over.number, over.gathered.heard)
    return tuple(f"came too late for the job: {one.by}: {_short(one.text)}" for one in late)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_WORD else f"{flat[:_LONGEST_WORD]}..."


def _kept_files(event: Asking) -> tuple[str, ...]:
    return kept_lines(event) if isinstance(event, Message) else ()


def _merge_buttons(merged: Merged) -> tuple[Button, ...]:
    if merged.commit is None:
        return ()
    return (*take_buttons(merged), undo_button(merged.commit))
