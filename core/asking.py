"""A job's question to people: its post, and the steps of its life inside a write of the channel.

A job that asks has no place, no sandbox and no clock that runs. The question is open until the
requester or an admin answers, time is up, or the job ends: one transaction each.
"""

from dataclasses import replace

from core import approving
from core.jobs.job import Answered, Asked, Progress
from core.legible import legible
from core.messages import Button, ChannelRef, Post, PostKind, ThreadRef
from core.posts import asked_by, card, plain
from core.records import jobs, messages, outbox, questions
from core.records.jobs import JobRow
from core.records.questions import Decision, QuestionRow
from core.state.database import Transaction

NOBODY = (
    "nobody answered in time. Decide yourself, prefer what can be undone, and say in the result"
    " that you did"
)


def begin(
    tx: Transaction, row: JobRow, asked: Asked, progress: Progress, *, at: float, expires_s: float
) -> float | None:
    """The job waits: its question and its card are promised. Returns until when it waits (Unix
    seconds); None when it was asked to stop meanwhile."""
    if not jobs.wait(
        tx, row.number, steps=progress.steps, tokens=progress.tokens, cost=progress.cost
    ):
        return None
    question = questions.put(tx, row.number, asked, at + expires_s)
    make = _post if question.leave is None else approving.post
    outbox.put(tx, make(row, question, at, _words(expires_s)))
    _show_card(tx, row.thread.channel, row.number)
    return question.expires_at


def answer(
    tx: Transaction,
    row: JobRow,
    question: QuestionRow,
    text: str,
    by: str,
    at: float,
    decision: Decision | None = None,
) -> bool:
    """Somebody who may has answered, or decided with `text` as the reason: the job waits for a
    place. False when it is not open."""
    return _end(tx, row, question, text, by, at, decision)


def expire(tx: Transaction, channel: ChannelRef, job: int, at: float) -> ThreadRef | None:
    """Time is up: the job goes on without an answer. Returns its thread; None when it does not
    wait any more."""
    row, question = jobs.read(tx, channel, job), open_question(tx, job)
    if row is None or question is None or not _end(tx, row, question, None, "", at):
        return None
    _show_card(tx, channel, job)
    return row.thread


def forget(tx: Transaction, row: JobRow) -> None:
    """The job has ended: nothing of its questions is kept, and none can be answered."""
    question = open_question(tx, row.number)
    if question is not None:
        words = "Not answered" if question.leave is None else "Not decided"
        _close_post(tx, row, question, f"{words}: the job has ended.")
    questions.remove(tx, row.number)


def open_question(tx: Transaction, job: int) -> QuestionRow | None:
    """What the job waits for an answer to."""
    return next((one for one in questions.of(tx, job) if one.ended_at is None), None)


def answers(tx: Transaction, job: int) -> tuple[Answered, ...]:
    """What the model is told of all that it asked."""
    return tuple(
        Answered(
            call=one.call, text=NOBODY if one.answer is None else f"{one.by} says: {one.answer}"
        )
        for one in questions.of(tx, job)
        if one.ended_at is not None and one.leave is None
    )


def _end(
    tx: Transaction,
    row: JobRow,
    question: QuestionRow,
    text: str | None,
    by: str,
    at: float,
    decision: Decision | None = None,
) -> bool:
    if not questions.end(
        tx, row.number, question.number, answer=text, by=by, at=at, decision=decision
    ):
        return False
    jobs.go_on(tx, row.number)
    words = "Nobody answered in time, so the job decides itself."
    if question.leave is not None:
        words = approving.came_of(decision, by, text)
    elif text is not None:
        words = f"**{plain(by)} answered:** {plain(text)}"
    _close_post(tx, row, question, words)
    return True


def _post(row: JobRow, question: QuestionRow, at: float, within: str) -> Post:
    number, name = row.number, f"answer.{row.number}.{question.number}"
    choices = tuple(
        Button(action=f"{name}.{place}", label=choice)
        for place, choice in enumerate(question.choices, 1)
    )
    own = Button(action=name, label="Answer", asks=f"Your answer to job {number}")
    return Post(
        id=_id(question),
        thread=row.thread,
        kind=PostKind.NOTICE,
        text=f"**Job {number} asks** ({plain(row.title)}):\n\n{_quoted(question)}\n\n"
        f"It waits for your answer: a button, or `/answer {number} ...` (where messages have"
        f" replies, a reply to this one too). Without one it decides itself after"
        f" {within}.",
        at=at,
        mention=row.requester,
        reply_to=asked_by(row),
        job=number,
        buttons=(*choices, own),
    )


def _close_post(tx: Transaction, row: JobRow, question: QuestionRow, words: str) -> None:
    """The buttons go, and what came of it stands in their place."""
    post = messages.post(tx, _id(question))
    if post is not None and post.buttons:
        text = f"**Job {row.number} asked** ({plain(row.title)}):\n\n{_quoted(question)}\n\n{words}"
        if question.leave is not None:
            text = approving.wanted(row, question, words)
        # Whom it is about has been told.
        outbox.show_again(tx, replace(post, text=text, buttons=(), mention=None))


def _show_card(tx: Transaction, channel: ChannelRef, job: int) -> None:
    row = jobs.read(tx, channel, job)
    assert row is not None
    outbox.put(tx, card(row))


def _id(question: QuestionRow) -> str:
    return f"ask:{question.job}.{question.number}"


def _quoted(question: QuestionRow) -> str:
    return "\n".join(f"> {line}" for line in legible(question.text).splitlines())


def _words(seconds: float) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds:g} seconds"
