"""Files that commands may have read: their names occur in a job's transcript. Pure."""

import json
import re
from collections.abc import Iterable, Sequence

from core.state.reads import Mention
from core.subagents.journal_rows import Step, StepKind
from core.subagents.tools import COMMANDS

_BETWEEN = re.compile(r"[\s/\\\"'`|&;:,<>(){}\[\]=*?$#!]+")


def commands_ran(steps: Iterable[Step]) -> bool:
    """Whether there is anything that could have read a file unseen."""
    return any(step.name in COMMANDS for step in steps if step.kind is StepKind.TOOL)


def mentions(steps: Sequence[Step], brief: str, paths: Iterable[str]) -> tuple[Mention, ...]:
    """Those of `paths` whose names are in the brief, in what any tool was called with, or in what
    a command printed."""
    texts = [brief]
    for step in steps:
        if step.kind is StepKind.TOOL:
            texts.append(_arguments(step.request))
            texts.append((step.response or "") if step.name in COMMANDS else "")
    text = "\n".join(texts)
    words = set(_BETWEEN.split(text))
    words.update([word.rstrip(".") for word in words])
    return tuple(Mention(path=path) for path in paths if _occurs(path.split("/")[-1], words, text))


def _occurs(name: str, words: set[str], text: str) -> bool:
    # Almost all names are one word; looking each up in a long text would take its time.
    return name in words or (_BETWEEN.search(name) is not None and name in text)


def _arguments(request: str) -> str:
    """A call's arguments as the tool gets them: JSON may write a name in other letters."""
    try:
        given = json.loads(request or "{}")
    except (ValueError, RecursionError):
        return request
    values = given.values() if isinstance(given, dict) else ()
    return "\n".join(value for value in values if isinstance(value, str))
