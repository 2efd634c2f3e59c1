"""Markdown as Telegram shows it: a text with marks in which nothing notifies anybody. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

import pyromark
from telegramify_markdown import MessageEntity, RenderConfig, convert

from adapters.telegram.styled import Mark, Styled, units

_WORD_JOINER = "\u2060"
_NAME = re.compile(r"(?<!\w)@(?=[A-Za-z])")
_LINKS = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_OPTIONS = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH
_SEARCHED_NOT = {"code", "pre"}
_KEPT = {
    *("bold", "italic", "underline", "strikethrough", "blockquote", "expandable_blockquote"),
    *("code", "pre", "text_link"),
}
_HTML_ROUNDS = 8


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    symbol = config.markdown_symbol
    symbol.heading_level_1 = symbol.heading_level_2 = ""
    symbol.heading_level_3 = symbol.heading_level_4 = ""
    symbol.unordered_list_item = "•"
    symbol.link = ""
    symbol.task_uncompleted = "☐"
    return config


_CONFIG = _config()


def styled(markdown: str) -> Styled:
    """The text as people see it. HTML is shown as it is written; mentions mention nobody."""
    text, entities = convert(literal(markdown), latex_escape=False, config=_CONFIG)
    return _clean(_quiet(Styled(text=text, marks=tuple(_marks(entities)))))


def has_table(markdown: str) -> bool:
    """Whether rich messages would show something that marks cannot."""
    if "|" not in markdown:
        return False
    events = pyromark.events(markdown, options=_OPTIONS)
    return any(isinstance(one, dict) and "Table" in str(one.get("Start")) for one in events)


def literal(markdown: str) -> str:
    """HTML and `||` escaped: the converter drops the first and hides what is between the others.

    Signs that cannot be sent are replaced.
    """
    markdown = markdown.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    for _ in range(_HTML_ROUNDS):
        html, kept = _regions(markdown)
        if not html:
            break
        markdown = _escape(markdown, [place for place in html if not _inside(place, kept)])
    else:
        markdown = markdown.replace("<", "&lt;")
    if "||" not in markdown:
        return markdown
    source, (_, kept) = markdown.encode(), _regions(markdown)
    bars = [found.start() for found in re.finditer(rb"\|(?=\|)|(?<=\|)\|", source)]
    return _escape(markdown, [place for place in bars if not _inside(place, kept)])


def _regions(markdown: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Where HTML tags begin, and what is code or a table: in bytes."""
    html, kept = list[int](), list[tuple[int, int]]()
    for event, span in pyromark.events_with_range(markdown, options=_OPTIONS):
        if not isinstance(event, dict):
            continue
        begin, end = span["start"], span["end"]
        if "InlineHtml" in event or "Html" in event:
            source = markdown.encode()[begin:end]
            html.extend(begin + found.start() for found in re.finditer(rb"(?<!\\)<", source))
        started = str(event.get("Start", ""))
        if "Code" in event or "CodeBlock" in started or "Table': " in started:
            kept.append((begin, end))
    return html, kept


def _inside(place: int, regions: list[tuple[int, int]]) -> bool:
    return any(begin <= place < end for begin, end in regions)


def _escape(markdown: str, places: list[int]) -> str:
    source, parts, last = markdown.encode(), [], 0
    for place in sorted(set(places)):
        parts.append(source[last:place])
        last = place
    return b"\\".join([*parts, source[last:]]).decode()


def _marks(entities: list[MessageEntity]) -> Iterator[Mark]:
    for entity in entities:
        if entity.type not in _KEPT or entity.length <= 0:
            continue
        if entity.type == "text_link" and not _LINKS.match(entity.url or ""):
            continue  # tg://user links would notify, others Telegram refuses
        yield Mark(
            kind=entity.type,
            start=entity.offset,
            length=entity.length,
            url=entity.url,
            language=entity.language,
        )


def _quiet(said: Styled) -> Styled:
    """`@name` outside code gets a sign of no width, so that Telegram finds no name in it."""
    code = [(mark.start, mark.end) for mark in said.marks if mark.kind in _SEARCHED_NOT]
    parts, added, last = [], list[int](), 0
    for found in _NAME.finditer(said.text):
        place = units(said.text[: found.end()])
        if not _inside(place, code):
            parts.append(said.text[last : found.end()])
            added.append(place)
            last = found.end()
    text = _WORD_JOINER.join([*parts, said.text[last:]])
    marks = (
        replace(mark, start=start, length=mark.end + bisect_left(added, mark.end) - start)
        for mark in said.marks
        for start in (mark.start + bisect_right(added, mark.start),)
    )
    return Styled(text=text, marks=tuple(marks))


def _clean(said: Styled) -> Styled:
    """Without blank lines at the end, marks that lie outside, and never empty to the eye."""
    text = said.text.rstrip()
    whole = units(text)
    marks = tuple(
        replace(mark, length=min(mark.end, whole) - mark.start)
        for mark in said.marks
        if 0 <= mark.start < whole
    )
    visible = any(char.isprintable() and not char.isspace() for char in text)
    return Styled(text=text, marks=marks) if visible else Styled(text="…")
