"""Slack's rich text to its own markup, for messages that say nothing beside their blocks. Pure.

Every field may be missing or of another type: payloads come from outside.
"""

from collections.abc import Iterator, Mapping

from adapters.slack.fields import maps_of, text_of
from adapters.slack.text import escaped

_DEEPEST = 8


def written(blocks: object) -> str:
    """The words of a message's blocks, a line each; "" when there are none."""
    found = (_block(one) for one in blocks) if isinstance(blocks, list) else ()
    return "\n".join(words for words in found if words)


def _block(block: object) -> str:
    kind = text_of(block, "type")
    if kind == "rich_text":
        return "\n".join(filter(None, (_part(one) for one in maps_of(block, "elements"))))
    inner = block.get("text") if isinstance(block, Mapping) else None
    return inner if isinstance(inner, str) else text_of(inner, "text")


def _part(part: object, depth: int = 0) -> str:
    """A paragraph, a list, a quote or a block of code."""
    if depth > _DEEPEST:
        return ""
    match text_of(part, "type"):
        case "rich_text_list":
            marks = _marks(text_of(part, "style"))
            items = (_part(one, depth + 1) for one in maps_of(part, "elements"))
            return "\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=False))
        case "rich_text_quote":
            return "> " + _line(part).replace("\n", "\n> ")
        case "rich_text_preformatted":
            return f"```\n{_line(part)}\n```"
        case _:
            return _line(part)


def _marks(style: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{number}." if style == "ordered" else "-"


def _line(part: object) -> str:
    return "".join(_word(one) for one in maps_of(part, "elements"))


def _word(element: object) -> str:
    match text_of(element, "type"):
        case "user":
            return f"<@{text_of(element, 'user_id')}>"
        case "channel":
            return f"<#{text_of(element, 'channel_id')}>"
        case "usergroup":
            return f"<!subteam^{text_of(element, 'usergroup_id')}>"
        case "broadcast":
            return f"<!{text_of(element, 'range')}>"
        case "emoji":
            return f":{text_of(element, 'name')}:"
        case "link":
            label = text_of(element, "text")
            return (
                f"<{text_of(element, 'url')}|{label}>" if label else f"<{text_of(element, 'url')}>"
            )
        case _:
            return escaped(text_of(element, "text"))
