"""Markdown to harmless HTML. Pure, and slow for long texts: see `rendering` for when and where.

Two fences: markdown-it never passes HTML through, and nh3 keeps a short list of tags.
"""

import html
import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_PLAIN_LIMIT = 100_000  # characters: beyond it Markdown costs seconds and nobody reads it dressed

_TAGS = {
    *("p", "br", "hr", "a", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_URL = re.compile(r"https?://[^\s<>\"'`\\^{|}]*[^\s<>\"'`\\^{|}.,:;!?)\]*_]")


def _link(href: str, label: str) -> list[Token]:
    return [
        Token("link_open", "a", 1, attrs={"href": href}),
        Token("text", "", 0, content=label),
        Token("link_close", "a", -1),
    ]


def _inline(tokens: list[Token]) -> list[Token]:
    """Bare addresses become links, images become links: nothing is loaded from outside."""
    made: list[Token] = []
    inside = 0
    for token in tokens:
        inside += token.nesting if token.type.startswith("link_") else 0
        if token.type == "image":
            label = token.content or "image"
            href = str(token.attrs.get("src", ""))
            made += [Token("text", "", 0, content=label)] if inside else _link(href, label)
        elif token.type == "text" and not inside and "://" in token.content:
            end = 0
            for match in _URL.finditer(token.content):
                made.append(Token("text", "", 0, content=token.content[end : match.start()]))
                made += _link(match.group(), match.group())
                end = match.end()
            made.append(Token("text", "", 0, content=token.content[end:]))
        else:
            made.append(token)
    return made


def _tame(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            # The page's own headings come first: a message starts below them.
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type == "inline" and token.children:
            token.children = _inline(token.children)


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
_parser.enable(["table", "strikethrough"])
_parser.core.ruler.push("tame", _tame)
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


def render(text: str) -> str:
    """The text as HTML that is safe to put into the page; a very long one plain, and cut."""
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if len(text) > _PLAIN_LIMIT:
        rest = len(text) - _PLAIN_LIMIT
        return f"<pre>{html.escape(text[:_PLAIN_LIMIT])}</pre><p>… {rest} more characters</p>"
    return _cleaner.clean(str(_parser.render(text)))
