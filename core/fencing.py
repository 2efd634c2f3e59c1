"""Marks text that did not come from the person asking, so that no text can end the mark. Pure."""

import re
from collections.abc import Sequence

_LABEL = 160
_END = "\n</untrusted>"
# Letters that nobody sees and that models can be taught to read: tags and selectors of variants,
# and what joins nothing any more when so many of them stand together.
_HIDDEN = re.compile("[\U000e0000-\U000e0fff]+|[\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff]{4,}")
_ANY_HIDDEN = re.compile("[\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]")
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
    """The text with every mark in it broken, and without what was hidden in it."""
    return _MARK.sub("<\u200b", unhidden(text))


def unhidden(text: str) -> str:
    """The text with a word in the place of letters that nobody sees: no person wrote them."""
    # Most texts have none, which is found four times as quickly.
    if text.isascii() or _ANY_HIDDEN.search(text) is None:
        return text
    return _HIDDEN.sub(_told, text)


def _told(hidden: re.Match[str]) -> str:
    return f"⟦hidden: {len(hidden[0])}⟧"


def label(name: str) -> str:
    """A name on one line, of a length, that can stand in a mark."""
    flat = " ".join(unhidden(name).split())[:_LABEL]
    return flat.replace('"', "'").replace("<", "(").replace(">", ")")
