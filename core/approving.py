"""A job wants to do what needs a person's word: how that is shown. Pure; keeps nothing."""

import re
from typing import assert_never

from core.approvals.request import foreign
from core.messages import Button, Post, PostKind
from core.posts import asked_by, plain
from core.records.jobs import JobRow
from core.records.questions import Decision, QuestionRow

_CHOICES = ("Once", "For this job", "Always")


def post(row: JobRow, question: QuestionRow, at: float, within: str) -> Post:
    """What is asked, with its buttons; `within` is how long it waits, in words."""
    return Post(
        id=f"ask:{row.number}.{question.number}",
        thread=row.thread,
        kind=PostKind.NOTICE,
        text=wanted(row, question, _way(row.number, within)),
        at=at,
        mention=row.requester,
        reply_to=asked_by(row),
        job=row.number,
        buttons=buttons(row.number, question.number),
        single=True,
    )


def _way(job: int, within: str) -> str:
    return (
        f"It waits for a word: a button, `/allow {job}`, `/allow {job} job`, `/allow {job} always`"
        f" or `/deny {job} ...`. Without one it is not done, after {within}. A word is about"
        " exactly this; if the call or a file that it names is another, it is asked again."
    )


def buttons(job: int, question: int) -> tuple[Button, ...]:
    """What can be said to it."""
    name = f"{job}.{question}"
    choices = tuple(
        Button(action=f"allow.{name}.{place}", label=label)
        for place, label in enumerate(_CHOICES, 1)
    )
    refusals = (
        Button(action=f"deny.{name}", label="No", style="danger"),
        Button(action=f"refuse.{name}", label="No, because", asks="What should the job know?"),
    )
    return (*choices, *refusals)


def wanted(row: JobRow, question: QuestionRow, then: str) -> str:
    """What the job wants to do, whole, and why it may not unasked; `then` is what comes of it.

    What is wanted stands last: where a message cannot hold it all, the rest is read first.
    """
    leave, text = question.leave, question.text
    assert leave is not None
    letters = foreign(text)
    note = f" Letters that may look like others: {', '.join(letters)}." if letters else ""
    return (
        f"**Job {row.number} wants to run `{leave.tool}`** ({plain(row.title)}), and"
        f" {plain(leave.reason)}.\n\n{then}\n\nAll of it, {_size(text)}; sha256 of this and of"
        f" the files it names: {leave.digest[:16]}.{note}\n\n{block(text)}"
    )


def _size(text: str) -> str:
    lines = text.count("\n") + 1
    return f"{len(text):,} characters" + (f" in {lines:,} lines" if lines > 1 else "")


def block(text: str) -> str:
    """The text in a fence that it cannot end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def came_of(decision: Decision | None, by: str, reason: str | None) -> str:
    """What was decided, for people."""
    who = plain(by)
    match decision:
        case None:
            return "Nobody allowed it in time, so it was not done."
        case Decision.ONCE:
            return f"**{who} allowed it** once."
        case Decision.JOB:
            return f"**{who} allowed it** for this job."
        case Decision.ALWAYS:
            return f"**{who} allowed it** for good; `/approvals` lists such and takes them back."
        case Decision.NO:
            return f"**{who} did not allow it**" + (f": {plain(reason)}" if reason else ".")
        case _ as unreachable:
            assert_never(unreachable)
