"""What people do to jobs, inside the transaction that answers them."""

from core import settings
from core.errors import BadRequest
from core.forgetting.traces import FORGOTTEN
from core.jobs.admission import Ticket
from core.jobs.job import Completed, JobState, Outcome
from core.jobs.supervisor import Stop
from core.legible import legible
from core.messages import Press
from core.posts import (
    again_button,
    card_state,
    details_button,
    outcome_words,
    plain,
    steer_button,
    stop_button,
)
from core.primary.acts import SteerJob
from core.primary.doing import Doing, Done
from core.primary.prompt import cut
from core.records import jobs, watchers
from core.records.jobs import JobRow, NewJob
from core.rights import Right
from core.state.rules import adopt

_LISTED = 20
_BRIEF = 4_000


class NoJobToSteer(Exception):
    """The reply to a card reaches no job any more: it is talk. Nothing was done."""


def stop(doing: Doing, number: int) -> Done:
    """Ask for the end of a job; the job's end itself is an event of its own."""
    row = job_row(doing, number)
    if not doing.rights.may(Right.STEER, doing.person, doing.channel, owner=row.requester.id):
        watching = watchers.of(doing.tx, doing.channel, number)
        if any(one.person.id == doing.person.id for one in watching):
            return leave(doing, number)
    doing.require(Right.STEER, owner=row.requester.id)
    return _stopped(doing, row)


def leave(doing: Doing, number: int) -> Done:
    """Hear no more of a job that others want too; it ends with the last who wants it."""
    row = job_row(doing, number)
    if row.outcome is not None or row.stop_by is not None:
        return Done(text=already(row), refused=True)
    watching = watchers.of(doing.tx, doing.channel, number)
    mine = row.requester.id == doing.person.id
    if not mine and all(one.person.id != doing.person.id for one in watching):
        raise BadRequest(f"You are not told of job {number}, so there is nothing to leave.")
    watchers.leave(doing.tx, number, doing.person)
    others = [one.person.name for one in watching if one.person.id != doing.person.id]
    if not mine and not watchers.has_left(doing.tx, number, row.requester.id):
        others.insert(0, row.requester.name)
    if not others:
        return _stopped(doing, row)
    names = ", ".join(map(plain, others))
    return Done(text=f"You hear no more of job {number}; it goes on for {names}.")


def _stopped(doing: Doing, row: JobRow) -> Done:
    number = row.number
    if not jobs.ask_stop(doing.tx, number, doing.person.name):
        return Done(text=already(row), refused=True)
    ticket = Ticket(channel=doing.channel, number=number, person=row.requester.id)
    stopped = Stop(ticket=ticket, thread=row.thread, by=doing.person.name)
    return Done(text=f"Stopping job {number}.", stops=(stopped,))


def steer(doing: Doing, act: SteerJob) -> Done:
    """Keep a word to a job, which reads it before its next step. Raises NoJobToSteer when it was
    a reply and the job has ended."""
    number = act.job
    if act.replied and not jobs.is_open(doing.tx, number):
        raise NoJobToSteer
    row = job_row(doing, number)
    doing.require(Right.STEER, owner=row.requester.id)
    kept = jobs.steer(doing.tx, number, doing.source, doing.person.name, act.text, doing.clock())
    if not kept:
        return Done(text=already(row), buttons=(again_button(number),))
    if row.state is JobState.WAITING:
        text = f"Job {number} reads this once its question is answered (`/answer {number} ...`)."
        return Done(text=text)
    return Done(text=f"Steered job {number}: it reads this before its next step.")


def run_again(doing: Doing, number: int) -> Done:
    """Start a job with the brief of another, on a fresh snapshot: with one button one job."""
    row = job_row(doing, number)
    doing.require(Right.USE)
    if row.brief == FORGOTTEN:
        raise BadRequest(f"What job {number} was asked to do is forgotten; ask for it anew.")
    known = jobs.newest_again(doing.tx, doing.channel, number)
    if known is not None and (known.outcome is None or isinstance(doing.event, Press)):
        return _again_already(number, known)
    new = NewJob(
        id=jobs.id_for(doing.channel, doing.source, row.brief),
        thread=row.thread,
        title=row.title,
        brief=row.brief,
        requester=doing.person,
        message=doing.source,
        rules_revision=adopt(doing.tx, doing.own_rules).revision,
        budget=settings.effective(doing.tx, doing.defaults).per_job,
        at=doing.clock(),
        again=number,
    )
    again = jobs.promise(doing.tx, new, JobState.QUEUED)
    started = jobs.read(doing.tx, doing.channel, again)
    assert started is not None
    ticket = Ticket(channel=doing.channel, number=again, person=doing.person.id)
    obstacle = doing.jobs.obstacle(ticket)
    queued = f" It is queued: {obstacle}." if obstacle else ""
    return Done(
        text=f"Started job {again} with the brief of job {number}.{queued}", started=(started,)
    )


def _again_already(number: int, known: JobRow) -> Done:
    if known.outcome is None:
        return Done(text=f"Job {known.number} runs the brief of job {number} again already.")
    return Done(
        text=f"Job {known.number} has run the brief of job {number} again.",
        buttons=(again_button(known.number),),
    )


def show_jobs(doing: Doing) -> Done:
    """List the newest jobs."""
    rows = jobs.newest(doing.tx, doing.channel, _LISTED)
    lines = [
        f"- **{row.number}** {card_state(row)}: {plain(row.title)} ({plain(row.requester.name)})"
        for row in rows
    ]
    return Done(text="\n".join(lines) or "There are no jobs here yet.")


def show_job(doing: Doing, number: int) -> Done:
    """Show one job."""
    row = job_row(doing, number)
    live = doing.jobs.live(doing.channel, number)
    step = live.progress.step if live else row.step
    text = (
        f"**Job {number}: {plain(row.title)}**, {card_state(row)},"
        f" asked for by {plain(row.requester.name)}.\n\n"
    )
    if step:
        text += f"Now: {plain(step)}\n\n"
    text += "\n".join(f"> {line}" for line in legible(cut(row.brief, _BRIEF)).splitlines())
    also = watchers.of(doing.tx, doing.channel, number)
    if also:
        text += f"\n\nAlso asked for by {', '.join(plain(one.person.name) for one in also)}."
    if row.again is not None:
        text += f"\n\nIt runs the brief of job {row.again} again."
    if row.outcome is not None:
        ended = "\n".join([plain(outcome_words(row.outcome)), "", *_drift(row.outcome)])
        return Done(text=f"{text}\n\n{ended}".rstrip(), buttons=(again_button(number),))
    buttons = (stop_button(number), steer_button(number), details_button(number))
    return Done(text=text, buttons=buttons)


def _drift(outcome: Outcome) -> list[str]:
    lines = outcome.drift if isinstance(outcome, Completed) else ()
    return [f"- {plain(line)}" for line in lines]


def job_row(doing: Doing, number: int) -> JobRow:
    """The job of that number. Raises BadRequest when there is none here."""
    row = jobs.read(doing.tx, doing.channel, number)
    if row is None or row.state is JobState.PROMISED:
        raise BadRequest(f"There is no job {number} here. Say /jobs to see them.")
    return row


def already(row: JobRow) -> str:
    """That nothing can be said to the job any more."""
    if row.outcome is None:
        return f"Job {row.number} is being stopped already."
    return f"Job {row.number} has ended. {plain(outcome_words(row.outcome))}"
