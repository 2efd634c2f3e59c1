"""What a subagent's call of `ask` comes to: an answer, a refusal, or the question put to people.
Pure; keeps nothing: with the answer the attempt comes back to the same call."""

from collections.abc import Sequence

from core.errors import BadRequest
from core.jobs.job import Asked, JobSpec
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.state.operations import Json
from core.subagents.broker_tools import Done, one_line
from core.subagents.tools import ASK

MOST_QUESTIONS = 5
"""Questions of one job: each may cost people a day."""
LONGEST_QUESTION = 2_000
MOST_CHOICES = 6
LONGEST_CHOICE = 60


def put(job: JobSpec, call: ToolCall, together: Sequence[ToolCall]) -> Done | Asked:
    """`together` are the calls of the model's answer that holds `call`, in its order."""
    told = next((one.text for one in job.answers if one.call == call.id), None)
    try:
        asked = _asked(call)
        if told is not None:
            return Done(text=told, title=one_line(asked.text))
        first = next(one for one in together if one.name == ASK.name)
        if first.id != call.id:
            raise BadRequest("one question at a time: wait for the first answer, then ask again")
        if len(job.answers) >= MOST_QUESTIONS:
            raise BadRequest(
                f"this job has asked {MOST_QUESTIONS} questions, the most it may; decide yourself,"
                " and say in the result that you did"
            )
    except BadRequest as error:
        return Done(text=f"error: {error}", title="not asked")
    return asked


def _asked(call: ToolCall) -> Asked:
    given = parse_arguments(ASK, call.arguments)
    text = _shown(str(given["question"]))
    if not text:
        raise BadRequest("the question is empty")
    if len(text) > LONGEST_QUESTION:
        raise BadRequest(f"the question is longer than {LONGEST_QUESTION} characters; shorten it")
    return Asked(call=call.id, text=text, choices=_choices(given.get("choices")))


def _choices(given: Json) -> tuple[str, ...]:
    choices = (
        tuple(" ".join(_shown(str(one)).split()) for one in given or ())
        if isinstance(given, list)
        else ()
    )
    if len(choices) > MOST_CHOICES:
        raise BadRequest(f"at most {MOST_CHOICES} choices; people can also answer in words")
    if not all(0 < len(choice) <= LONGEST_CHOICE for choice in choices):
        raise BadRequest(f"each choice must have 1 to {LONGEST_CHOICE} characters")
    if len(set(choices)) < len(choices):
        raise BadRequest("two of the choices are the same")
    return choices


def _shown(text: str) -> str:
    """Without what cannot be seen and could make it look like something else."""
    return "".join(char for char in text if char.isprintable() or char == "\n").strip()
