"""Answering what a job asks, inside the transaction that answers the act."""

from core import asking
from core.errors import BadRequest
from core.posts import plain
from core.primary.acts import AnswerJob
from core.primary.doing import Doing, Done
from core.primary.job_acts import NoJobToSteer, already, job_row
from core.records import jobs, questions
from core.records.questions import QuestionRow
from core.rights import Right

LONGEST_ANSWER = 10_000


def answer(doing: Doing, act: AnswerJob) -> Done:
    """The job goes on with the answer. Raises NoJobToSteer when it was a reply and the job has
    ended."""
    if act.replied and not jobs.is_open(doing.tx, act.job):
        raise NoJobToSteer
    row = job_row(doing, act.job)
    doing.require(Right.ANSWER, owner=row.requester.id)
    if row.outcome is not None or row.stop_by is not None:
        return Done(text=already(row), refused=True)
    question = asking.open_question(doing.tx, row.number)
    if question is None or act.question not in (None, question.number):
        return Done(text=_late(questions.of(doing.tx, row.number), act), refused=True)
    if question.leave is not None:
        return Done(
            text=f"Job {row.number} asks for leave: press a button, or say `/allow"
            f" {row.number}` or `/deny {row.number} ...`."
        )
    text = _words(question, act)
    asking.answer(doing.tx, row, question, text, doing.person.name, doing.clock())
    queued = jobs.read(doing.tx, doing.channel, row.number)
    assert queued is not None
    return Done(text=f"Job {row.number} goes on with: {plain(text)}", started=(queued,))


def _words(question: QuestionRow, act: AnswerJob) -> str:
    if act.choice is not None:
        if not 1 <= act.choice <= len(question.choices):
            raise BadRequest("This button is none of mine; nothing was done.")
        return question.choices[act.choice - 1]
    if not act.text.strip():
        raise BadRequest("Write your answer.")
    if len(act.text) > LONGEST_ANSWER:
        raise BadRequest(f"An answer has at most {LONGEST_ANSWER:,} characters.")
    return _chosen(question.choices, act.text.strip())


def _chosen(choices: tuple[str, ...], text: str) -> str:
    """A choice as it was offered, however it is written, also by its number; else the words."""
    plain = {choice.casefold().strip(): choice for choice in choices}
    said = text.casefold().rstrip(".!")
    if said in plain:
        return plain[said]
    if said.isascii() and said.isdigit() and len(said) < 4 and 1 <= int(said) <= len(choices):
        return choices[int(said) - 1]
    return text


def _late(asked: tuple[QuestionRow, ...], act: AnswerJob) -> str:
    steer = f"Say `/steer {act.job} ...` to tell it something."
    about = next((one for one in asked if one.number == act.question), None)
    if about is None:
        return f"Job {act.job} asks nothing just now. {steer}"
    if about.answer is None:
        return f"Nobody answered this in time, so job {act.job} decided itself. {steer}"
    return f"{plain(about.by)} has answered this already: {plain(about.answer)}. {steer}"
