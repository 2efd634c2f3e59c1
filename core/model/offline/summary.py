"""The offline model's summary: how each part begins, and that no model has read it. Pure."""

import re
from collections.abc import Sequence

from core.model.chat import ChatMessage
from core.model.offline.talk import Say
from core.summaries.request import OPENING, SO_FAR

HONESTLY = "(Without a model: how each part began.)"
_PART = re.compile(r'<untrusted from="([^"]*)">\n(.*?)\n</untrusted>', re.DOTALL)
_LINE = 120
_MOST = 40


def is_wanted(messages: Sequence[ChatMessage]) -> bool:
    """Whether the request asks for a summary."""
    first = next(iter(messages), None)
    return first is not None and first.role == "system" and first.text.startswith(OPENING)


def sum_up(messages: Sequence[ChatMessage]) -> Say:
    """The newest beginnings, a line each; those of the summary so far are some of them."""
    lines: list[str] = []
    for name, text in _PART.findall(messages[-1].text):
        if name == SO_FAR:
            lines += [line for line in text.splitlines() if line.startswith("- ")]
        else:
            lines.append(f"- {name}: {' '.join(text.split())[:_LINE]}")
    return Say(text="\n".join([HONESTLY, *lines[-_MOST:]]))
