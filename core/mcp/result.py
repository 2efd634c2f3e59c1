"""A tool's result as text for a model, cut to a length. Loads nothing of MCP."""

import json
import re
from collections.abc import Sequence
from typing import Protocol

# Controls but tab and line feed, halves of letters, and tags that spell words nobody sees.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\U000e0000-\U000e007f]")


class Given(Protocol):
    """What mcp's CallToolResult has of use."""

    @property
    def content(self) -> Sequence[object]:
        """Parts of several kinds, known by what they have."""

    @property
    def structured_content(self) -> object:
        """Any JSON, or None."""


def result_text(given: Given, most: int) -> str:
    """All that is text in it; of what is none, its kind and size."""
    parts = [_part(one) for one in given.content]
    text = "\n".join(part for part in parts if part)
    if not text and given.structured_content is not None:
        text = json.dumps(given.structured_content, ensure_ascii=False)
    return bounded(text or "(nothing)", most)


def bounded(text: str, most: int) -> str:
    """The text without what nobody sees, and of a length."""
    more = len(text) - most
    clean = _UNSEEN.sub("", text[:most].replace("\r\n", "\n"))
    return f"{clean}\n[{more} more characters were cut here]" if more > 0 else clean


def _part(one: object) -> str:
    text = getattr(one, "text", None)
    if isinstance(text, str):
        return text
    resource = getattr(one, "resource", None)
    if resource is not None:
        return _part(resource)
    data = getattr(one, "data", None) or getattr(one, "blob", None)
    if isinstance(data, str):
        kind = getattr(one, "mime_type", None) or "data"
        return f"[{str(kind)[:100]}, {len(data) * 3 // 4} bytes, left out]"
    uri = getattr(one, "uri", None)
    return f"[link to {str(uri)[:500]}]" if uri is not None else ""
