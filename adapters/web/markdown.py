"""Markdown to harmless HTML. Pure, and slow for long texts: see `rendering` for when and where.

Two fences: HTML in a text is escaped where it stands, and nh3 keeps a short list of tags.
"""

import html
import re
from collections.abc import Iterable, Mapping

import nh3
import pyromark

_PLAIN_LIMIT = 100_000  # characters: nobody reads more dressed
_DEEPEST = 20  # nothing that people write is nested deeper
_MOST_EVENTS = 3  # of the parser, for each character
_HTML_ROUNDS = 20

_TAGS = {
    *("p", "br", "hr", "a", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_URL = re.compile(r"https?://[^\s<>\"'`\\^{|}]*[^\s<>\"'`\\^{|}.,:;!?)\]*_]")
_OPTIONS = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH
_ALONE = {"SoftBreak": "<br>\n", "HardBreak": "<br>\n", "Rule": "<hr>\n"}
_ELEMENTS = {
    "Paragraph": ("<p>", "</p>\n"),
    "HtmlBlock": ("<p>", "</p>\n"),
    "BlockQuote": ("<blockquote>\n", "</blockquote>\n"),
    "CodeBlock": ("<pre><code>", "</code></pre>\n"),
    "Item": ("<li>", "</li>\n"),
    "Table": ("<table>\n", "</tbody>\n</table>\n"),
    "TableHead": ("<thead>\n<tr>\n", "</tr>\n</thead>\n<tbody>\n"),
    "TableRow": ("<tr>\n", "</tr>\n"),
    "Emphasis": ("<em>", "</em>"),
    "Strong": ("<strong>", "</strong>"),
    "Strikethrough": ("<s>", "</s>"),
}
_SCHEMES = ("http:", "https:", "mailto:")
_LINK = '<a href="{0}">{0}</a>'
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    url_schemes={scheme.partition(":")[0] for scheme in _SCHEMES},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


def render(text: str) -> str:
    """The text as HTML that is safe to put into the page; a very long one plain, and cut."""
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if len(text) > _PLAIN_LIMIT:
        rest = len(text) - _PLAIN_LIMIT
        return f"<pre>{html.escape(text[:_PLAIN_LIMIT])}</pre><p>… {rest} more characters</p>"
    events = pyromark.events(_without_blocks(text), options=_OPTIONS)
    made = _Writer().write(events, _MOST_EVENTS * (len(text) + 1))
    if made is None:
        # A wide table with short rows, which are filled up to its width.
        return f"<pre>{html.escape(text)}</pre>"
    return _cleaner.clean(made)


def _without_blocks(text: str) -> str:
    """The text with what would be blocks of HTML as paragraphs, in which Markdown is understood."""
    for _ in range(_HTML_ROUNDS):
        if "<" not in text:
            break
        source, parts, last = text.encode(), list[bytes](), 0
        for event, span in pyromark.events_with_range(text, options=_OPTIONS):
            if isinstance(event, dict) and event.get("Start") == "HtmlBlock":
                first = source.index(b"<", span["start"])
                parts += [source[last:first], b"\\"]
                last = first
        if not parts:
            break
        text = b"".join([*parts, source[last:]]).decode()
    return text


class _Writer:
    """Writes one text's events as HTML. What is nested too deep is written without its tags.

    Bare addresses become links, images become links: nothing is loaded from outside.
    """

    def __init__(self) -> None:
        self._out: list[str] = []
        self._ends: list[str] = []
        self._links = 0
        self._begun = ""
        self._in_head = False

    def write(self, events: Iterable[str | Mapping[str, object]], most: int) -> str | None:
        """All of them, as the parser gives them; None when they are more than so many."""
        for count, event in enumerate(events):
            if count > most:
                return None
            if isinstance(event, str):
                self._out.append(_ALONE[event])
                continue
            ((kind, what),) = event.items()
            match kind:
                case "Start":
                    begin, end = self._element(what)
                    deep = len(self._ends) >= _DEEPEST
                    self._begun = "" if deep else begin
                    self._out.append(self._begun)
                    self._ends.append("" if deep else end)
                case "End":
                    self._end(what)
                case "Code":
                    self._out.append(f"<code>{html.escape(str(what))}</code>")
                case "Text" if "://" in str(what) and not self._links:
                    self._addresses(str(what))
                case _:
                    self._out.append(html.escape(str(what)))
        return "".join(self._out)

    def _element(self, what: object) -> tuple[str, str]:
        name, more = (what, None) if isinstance(what, str) else next(iter(_object(what).items()))
        match name:
            case "Heading":
                # The page's own headings come first: a message starts below them.
                tag = f"h{min(int(str(_object(more)['level'])[1:]) + 2, 6)}"
                return f"<{tag}>", f"</{tag}>\n"
            case "List" if more is None:
                return "<ul>\n", "</ul>\n"
            case "List":
                return f'<ol start="{more}">\n' if more != 1 else "<ol>\n", "</ol>\n"
            case "Link" | "Image":
                self._links += 1
                link = _object(more)
                mail = "mailto:" if link["link_type"] == "Email" else ""
                href = f"{mail}{link['dest_url']}"
                if self._links > 1 or not href.lower().startswith(_SCHEMES):
                    return "", ""
                return f'<a href="{html.escape(href)}">', "</a>"
            case "TableCell":
                tag = "th" if self._in_head else "td"
                return f"<{tag}>", f"</{tag}>\n"
            case _:
                self._in_head = self._in_head or name == "TableHead"
                return _ELEMENTS[str(name)]

    def _end(self, what: object) -> None:
        if what in ("Link", "Image"):
            self._links -= 1
            if what == "Image" and self._out[-1] is self._begun:
                self._out.append("image")
        elif what == "TableHead":
            self._in_head = False
        self._out.append(self._ends.pop())

    def _addresses(self, text: str) -> None:
        end = 0
        for found in _URL.finditer(text):
            address = html.escape(found.group())
            self._out += [html.escape(text[end : found.start()]), _LINK.format(address)]
            end = found.end()
        self._out.append(html.escape(text[end:]))


def _object(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value
