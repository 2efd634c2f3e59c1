"""A job's steps as people see them: one line each, with a bounded detail. Reads no file."""

import json
from collections.abc import Sequence

from core.messages.views import StepLine
from core.subagents.journal_rows import Step, StepKind
from core.subagents.transcript import steered

LONGEST_DETAIL = 4000


def step_lines(steps: Sequence[Step]) -> tuple[StepLine, ...]:
    """A line for each step, oldest first."""
    return tuple(
        StepLine(
            number=step.number,
            kind=step.kind.value,
            title=step.title,
            detail=_bounded(_detail(step)),
            at=step.began_at,
            seconds=None if step.ended_at is None else step.ended_at - step.began_at,
        )
        for step in steps
    )


def _detail(step: Step) -> str:
    match step.kind:
        case StepKind.MODEL:
            reply = step.reply
            return reply.text if reply else ""
        case StepKind.TOOL:
            return "\n\n".join(part for part in (_arguments(step.request), step.response) if part)
        case StepKind.STEERING:
            return steered(step.name, step.request)
        case StepKind.ATTEMPT | StepKind.BREAKDOWN | StepKind.SUMMARY:
            return step.response or ""


def _arguments(text: str) -> str:
    """A call's arguments, readable: texts as they are, each under its name."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    if not isinstance(given, dict):
        return text
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in given.items()
    )


def _bounded(text: str) -> str:
    if len(text) <= LONGEST_DETAIL:
        return text
    half = LONGEST_DETAIL // 2
    return f"{text[:half]}\n[... {len(text) - LONGEST_DETAIL} characters ...]\n{text[-half:]}"
