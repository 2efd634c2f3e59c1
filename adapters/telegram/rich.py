"""A post with tables as a rich message: HTML of Telegram's own kind. Pure; sends nothing."""

import re
from html import escape

from telegramify_markdown import richify

from adapters.telegram.markdown import literal
from adapters.telegram.styled import Styled

LONGEST = 32_768  # bytes
_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"[^>]*/>')
_SAFE = ("https://", "http://", "mailto:", "tel:")
_TAGS = {"bold": "b", "italic": "i"}


def rich_html(head: Styled, markdown: str, foot: Styled) -> str | None:
    """The whole as HTML; None if it is too long for one message."""
    body = richify(literal(markdown)).html or ""
    body = _LINK.sub(_link, _IMAGE.sub(_image, body))
    html = f"{_paragraphs(head)}{body}{_paragraphs(foot)}"
    return html if len(html.encode("utf-8", "replace")) <= LONGEST else None


def _link(found: re.Match[str]) -> str:
    # Links of the kind tg://user would notify somebody.
    return found[0] if found[1].lower().startswith(_SAFE) else found[2]


def _image(found: re.Match[str]) -> str:
    # Telegram would fetch the picture, and refuse the message if it cannot.
    return f'<a href="{found[1]}">{found[2] or found[1]}</a>'


def _paragraphs(styled: Styled) -> str:
    """Head and foot of a post, whose marks do not overlap."""
    encoded, at, parts = styled.text.encode("utf-16-le"), 0, list[str]()
    for mark in sorted(styled.marks, key=lambda one: one.start):
        parts.append(_text(encoded, at, mark.start))
        inner = _text(encoded, mark.start, mark.end)
        if mark.person is not None:
            parts.append(f'<a href="tg://user?id={mark.person}">{inner}</a>')
        else:
            tag = _TAGS.get(mark.kind, "u")
            parts.append(f"<{tag}>{inner}</{tag}>")
        at = mark.end
    whole = "".join([*parts, _text(encoded, at, len(encoded) // 2)])
    blocks = [block.strip().replace("\n", "<br/>") for block in whole.split("\n\n")]
    return "".join(f"<p>{block}</p>" for block in blocks if block)


def _text(encoded: bytes, begin: int, end: int) -> str:
    return escape(encoded[2 * begin : 2 * end].decode("utf-16-le", "replace"), quote=False)
