"""When a job goes on although its sandbox broke down, and what comes of a second time. Pure."""

from collections.abc import Sequence
from typing import TypeGuard

from core.jobs.job import Failed, FailureKind, Outcome
from core.subagents.journal_rows import Past, StepKind


def broke_down(outcome: Outcome) -> TypeGuard[Failed]:
    """Whether the program in the sandbox ended by itself where it should not have: chance may have
    done that, or somebody on the machine. What was ended for passing a limit is not meant."""
    return isinstance(outcome, Failed) and outcome.kind is FailureKind.CRASHED


def breakdowns(past: Past) -> tuple[str, ...]:
    """How each earlier sandbox of the job broke down."""
    steps = (step for step in past.steps if step.kind is StepKind.BREAKDOWN)
    return tuple(step.response or "" for step in steps)


def twice(earlier: Sequence[str], again: Failed) -> Failed:
    """The end of a job that would break down again and again."""
    reason = f"it broke its sandbox down twice: {'; '.join((*earlier, again.reason))}"
    return Failed(kind=again.kind, reason=reason, partial=again.partial)


def told(reason: str) -> str:
    """What the model hears of it, before it goes on in another sandbox."""
    return (
        f"Your sandbox broke down: {reason}. If one of your commands did that, do it in another "
        "way: should it happen again, the job is stopped."
    )
