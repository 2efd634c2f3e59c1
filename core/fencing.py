"""Marks text that did not come from the person asking, so that no text can end the mark. Pure."""

import re
from collections.abc import Sequence

_LABEL = 160
_END = "\n</untrusted>"
# Whatever a model may take for a mark: in any case, with blanks, opening or closing.
_MARK = re.compile(r"<(?=[\s/\\]*(?:untrusted|(?:said|file|brief|former)\b))", re.IGNORECASE)


def fenced(name: str, text: str, marks: Sequence[str] = ()) -> str:
    """The text between marks that name where it is from; `marks` are lines below it that the chat
    itself has set."""
    lines = [*([unmarked(text)] if text or not marks else []), *marks]
    return "\n".join([f'<untrusted from="{label(name)}">', *lines]) + _END


def holds_untrusted(text: str) -> bool:
    """Whether something in it stands between such marks: no text can make or hide one."""
    return '<untrusted from="' in text


def closing(text: str) -> str:
    """What ends the fence that a text stands in, for one whose end is to be cut off; else ""."""
    return _END if text.startswith("<untrusted from=") and text.endswith(_END) else ""


def unmarked(text: str) -> str:
    """The text with every mark in it broken."""
    return _MARK.sub("<\u200b", text)


def label(name: str) -> str:
    """A name on one line, of a length, that can stand in a mark."""
    flat = " ".join(name.split())[:_LABEL]
    return flat.replace('"', "'").replace("<", "(").replace(">", ")")
