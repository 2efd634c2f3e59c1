"""What a job had come to when its budget ended, in Markdown for people. Merges nothing."""

import json
from collections.abc import Sequence

from core.model.chat import ToolCall
from core.subagents.transcript import Transcript

LONGEST = 4_000
_NAMED = 20


def so_far(transcript: Transcript, answers: int) -> str:
    """Its last words, how far it was, and what it leaves unmerged; "" if it did nothing."""
    if not answers:
        return ""
    parts = [f"It had made {answers} step{'' if answers == 1 else 's'}."]
    for tools, name, words in (
        (("change_state",), "key", "It wanted to change"),
        (("write_file", "edit_file"), "path", "It had written"),
    ):
        named = [_argument(call, name) for call in transcript.calls if call.name in tools]
        if any(named):
            parts.append(f"{words} {_listed(named)}.")
    said = transcript.last_words.strip()
    if said:
        shown = said if len(said) <= LONGEST else f"{said[:LONGEST]}\n\n(cut here)"
        parts.append(f"Its last words:\n\n{shown}")
    return "\n\n".join(parts)


def _argument(call: ToolCall, name: str) -> str:
    try:
        given = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return ""
    found = given.get(name) if isinstance(given, dict) else None
    return found if isinstance(found, str) else ""


def _listed(named: Sequence[str]) -> str:
    once = [name for name in dict.fromkeys(named) if name]
    shown = ", ".join(f"`{name.replace('`', ' ')[:100]}`" for name in once[:_NAMED])
    return shown if len(once) <= _NAMED else f"{shown} and {len(once) - _NAMED} more"
