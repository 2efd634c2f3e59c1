"""How an attempt takes up what earlier ones left: nothing paid for is bought again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.model.chat import ChatMessage
from core.subagents.journal_rows import Past, StepKind
from core.subagents.protocol import Answer
from core.subagents.transcript import BOUND, Transcript, replay

CUT_OFF = "this call was interrupted; it may have had effects. Look before you repeat it."
NOT_RUN = "not run: the call before it was interrupted. Call it again if it is still wanted."
MOST_IDLE = 5
"""Attempts without an answer of the model between them, after which a job is given up."""
_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Where the attempt stands. `answers` counts model calls so far, `tokens` what they reported.

    `cut_off` are calls that will never have another result, with what the model is told of each.
    `again` is the model's last answer as far as it was not acted on yet: it is paid for, so it
    answers the attempt's first question. `told` is what the model is told of the interruption.
    """

    transcript: Transcript
    answers: int
    cut_off: dict[str, str]
    again: Answer | None
    told: str


def take_up(
    past: Past, opening: Sequence[ChatMessage], moved: Sequence[str], bound: int = BOUND
) -> Taken:
    """`moved` are workspace paths that are not as the last step left them, `bound` is the
    transcript's."""
    thawed = past.frozen.step if past.frozen else None
    steps = [step for step in past.steps if step.number != thawed]
    transcript = Transcript(opening, bound)
    answers = replay(transcript, steps)
    begun = {step.call for step in steps if step.kind is StepKind.TOOL and step.response is None}
    cut_off: dict[str, str] = {}
    if not begun.isdisjoint(transcript.unanswered):
        for call in tuple(transcript.unanswered):
            cut_off[call] = CUT_OFF if call in begun else NOT_RUN
            transcript.answered(call, cut_off[call])
    again = None
    if transcript.unanswered or transcript.ends_plain:
        calls = tuple(transcript.unanswered.values())
        again = Answer(text=transcript.last_text, calls=calls)
    told = _told(moved) if answers and not transcript.ends_plain else ""
    if told:
        transcript.told(told)
    return Taken(transcript=transcript, answers=answers, cut_off=cut_off, again=again, told=told)


def idle(past: Past) -> int:
    """How many attempts there were since the model last answered, or a call of its answer ran
    through: the job did not get on."""
    count = 0
    for step in reversed(past.steps):
        if step.kind is StepKind.MODEL and step.response is not None:
            break
        if step.kind is StepKind.TOOL and step.response not in (None, CUT_OFF, NOT_RUN):
            break
        count += step.kind is StepKind.ATTEMPT
    return count


def _told(moved: Sequence[str]) -> str:
    text = (
        "The job was interrupted and goes on now. Background processes and everything in /tmp "
        "are gone. "
    )
    if not moved:
        return text + "The workspace is as your last step left it."
    more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
    named = ", ".join(moved[:_NAMED])
    return f"{text}These files are not as your last step left them: {named}{more}."
