"""What a person's word to a running job changes about it. Makes no calls."""

import re
from dataclasses import fields, replace
from typing import Any

from core.model.offline import words
from core.model.offline.desk import Desk, Word
from core.model.offline.grammar import bare
from core.model.offline.intents import Action, LaunchText, Unclear
from core.model.offline.requests import brief_actions

_INSTEAD = re.compile(
    r"(?:use|take|make\s+it|write)\s+(?P<new>.+?)\s+(?:instead\s+of|not|rather\s+than)\s+(?P<old>.+)",
    re.IGNORECASE | re.DOTALL,
)
_MENTION = re.compile(
    r"(?:also\s+)?(?:mention|include|add)\s+(?P<what>.+)", re.IGNORECASE | re.DOTALL
)
_ENOUGH = re.compile(
    r"(?:stop\s+waiting|hurry(?:\s+up)?|do\s+not\s+wait|don't\s+wait|enough|skip\s+(?:it|this|that)"
    r"|go\s+on|faster)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def obey(word: Word, desk: Desk) -> str:
    """Change the plan as told; returns what people are shown, which the report says too."""
    heard = f"{word.by} said {words.code(word.text)}"
    text = bare(word.text).rstrip(".!")
    done = _enough(text, desk) or _instead(text, desk) or _mention(text, desk) or _more(text, desk)
    line = f"{heard}: {done or 'I have no rule for that, so nothing changed.'}"
    desk.note(line)
    return line


def _enough(text: str, desk: Desk) -> str | None:
    if _ENOUGH.fullmatch(text) is None:
        return None
    desk.hurried = True
    return "no more waiting."


def _instead(text: str, desk: Desk) -> str | None:
    found = _INSTEAD.fullmatch(text)
    if found is None:
        return None
    old, new = found["old"].strip(" `\"'"), found["new"].strip(" `\"'")
    changed = [_replaced(action, old, new) for action in desk.queue]
    count = sum(one != other for one, other in zip(changed, desk.queue, strict=True))
    desk.queue.clear()
    desk.queue.extend(changed)
    return f"{count} of the steps still to do now say {words.code(new)}."


def _replaced(action: Action, old: str, new: str) -> Action:
    texts = {field.name: getattr(action, field.name) for field in fields(action)}
    changed: dict[str, Any] = {
        name: value.replace(old, new)
        for name, value in texts.items()
        if isinstance(value, str) and name != "op" and old in value
    }
    return replace(action, **changed)


def _mention(text: str, desk: Desk) -> str | None:
    found = _MENTION.fullmatch(text)
    if found is None or desk.launched is None:
        return None
    desk.mentions.append(found["what"].strip())
    if not any(isinstance(action, LaunchText) for action in desk.queue):
        desk.queue.append(desk.launched)
    return "the text mentions it now."


def _more(text: str, desk: Desk) -> str | None:
    actions = brief_actions(text)
    if not actions or any(isinstance(action, Unclear) for action in actions):
        return None
    desk.queue.extend(actions)
    return "added as a further step."
