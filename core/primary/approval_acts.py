"""Letting jobs do what needs a person's word, inside the transaction that answers the act."""

from datetime import UTC, datetime

from core import approving, asking
from core.approval_views import revoke_button
from core.errors import BadRequest
from core.posts import plain
from core.primary.acts import DecideLeave
from core.primary.answer_acts import LONGEST_ANSWER
from core.primary.doing import Doing, Done
from core.primary.job_acts import already, job_row
from core.records import approvals, jobs, questions
from core.records.questions import Decision, QuestionRow
from core.rights import Right

_LISTED, _BUTTONS = 20, 5
_SHOWN = 300


def decide(doing: Doing, act: DecideLeave) -> Done:
    """The job goes on with the word. Only who asked for it, or an admin, has one; for good only
    who may configure the channel."""
    row = job_row(doing, act.job)
    doing.require(Right.ANSWER, owner=row.requester.id)
    if act.decision is Decision.ALWAYS:
        doing.require(Right.CONFIGURE)
    if len(act.text) > LONGEST_ANSWER:
        raise BadRequest(f"A reason has at most {LONGEST_ANSWER:,} characters.")
    if row.outcome is not None or row.stop_by is not None:
        return Done(text=already(row), refused=True)
    question = asking.open_question(doing.tx, row.number)
    if question is None or question.leave is None or act.question not in (None, question.number):
        return Done(text=_late(questions.of(doing.tx, row.number), act), refused=True)
    at, by = doing.clock(), doing.person
    if act.decision is Decision.ALWAYS:
        approvals.put(doing.tx, question, by, at)
    asking.answer(doing.tx, row, question, act.text, by.name, at, act.decision)
    queued = jobs.read(doing.tx, doing.channel, row.number)
    assert queued is not None
    words = approving.came_of(act.decision, by.name, act.text)
    return Done(text=f"Job {row.number} goes on. {words}", started=(queued,))


def _late(asked: tuple[QuestionRow, ...], act: DecideLeave) -> str:
    about = next((one for one in asked if one.number == act.question), None)
    if about is None or about.leave is None:
        return f"Job {act.job} asks for no leave just now; nothing was done."
    return f"This is decided: {approving.came_of(about.decision, about.by, about.answer)}"


def show(doing: Doing) -> Done:
    """What holds, the newest first."""
    rows = approvals.newest(doing.tx, _LISTED)
    if not rows:
        return Done(text="Nothing was allowed for good here.")
    lines = [
        f"- {row.number}: `{row.tool}`, allowed by {plain(row.by)} for job {row.job} on"
        f" {datetime.fromtimestamp(row.at, UTC):%Y-%m-%d %H:%M} UTC: {_begins(row.text)}"
        for row in rows
    ]
    buttons = tuple(revoke_button(row.number) for row in rows[:_BUTTONS])
    return Done(text="\n".join(["Jobs may do this unasked:", *lines]), buttons=buttons)


def _begins(text: str) -> str:
    return plain(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")


def withdraw(doing: Doing, number: int) -> Done:
    """Jobs ask again, also those that run."""
    doing.require(Right.CONFIGURE)
    row = approvals.read(doing.tx, number)
    if row is None:
        raise BadRequest(f"There is no approval {number}; /approvals lists them.")
    if not approvals.withdraw(doing.tx, number, doing.person.name, doing.clock()):
        return Done(text=f"{plain(row.withdrawn_by or '')} has taken this back already.")
    return Done(text=f"Jobs ask again before they run this by `{row.tool}`.")
