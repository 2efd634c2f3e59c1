"""Markdown -> blocks of what Discord shows: no tables, no rules, its own bold and quotes. Pure.

Discord's format is nearly Markdown, so the author's own lines are kept wherever they can be.
"""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_WIDEST_TABLE = 76  # columns that a code block shows without breaking lines on a desktop
_PLAIN_LIMIT = 100_000  # characters: beyond it nobody reads it dressed
_CODE = re.compile(r"(`{1,9})(?!`)(.{1,1000}?)(?<!`)\1(?!`)|https?://[^\s<>]+|<[^<>\s]{1,1000}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that belong together. `fence` is the language of code ("" for none), None for text.

    `tight`: the next block follows without an empty line.
    """

    lines: tuple[str, ...]
    fence: str | None = None
    tight: bool = False


def storable(text: str) -> str:
    """Text that can be sent: no half characters, no NUL, nothing that turns the reading order of
    what comes after it."""
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "", text.replace("\r\n", "\n"))


def blocks(text: str) -> list[Block]:
    """The text's blocks in order; nothing is left out."""
    text = storable(text)
    lines = text.split("\n")
    if len(text) > _PLAIN_LIMIT:
        return [Block(lines=tuple(lines))]
    made: list[Block] = []
    end = 0
    tokens = _parser.parse(text)
    for place, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        start, stop = token.map
        made += _plain(lines[end:start])
        made.append(_block(token, tokens[place:], lines[start:stop]))
        end = max(end, stop)
    made += _plain(lines[end:])
    return [block for block in made if any(line.strip() for line in block.lines)]


def escaped(text: str) -> str:
    """Any text as one line that Discord shows as it is."""
    flat = without_marks(" ".join(storable(text).split()))
    return re.sub(r"^([#>-]|\d+\.)", r"\\\1", flat)


def without_marks(text: str) -> str:
    """The text with every sign that Discord would take for formatting shown as itself."""
    return re.sub(r"([\\`*_~|\[\]<>])", r"\\\1", text)


def _plain(lines: list[str]) -> list[Block]:
    """What is no block for the parser (definitions of links) is shown as it stands."""
    kept = tuple(_inline(line) for line in lines if line.strip())
    return [Block(lines=kept)] if kept else []


def _block(token: Token, rest: list[Token], lines: list[str]) -> Block:
    while len(lines) > 1 and not lines[-1].strip():
        lines = lines[:-1]
    match token.type:
        case "fence" | "code_block":
            return code(token.content, token.info)
        case "heading_open":
            return _heading(token, rest[1].content)
        case "hr":
            return Block(lines=("⎯" * 12,))
        case "table_open":
            return _table(rest)
        case "blockquote_open":
            return Block(lines=tuple(_quoted(line) for line in lines))
        case "bullet_list_open" | "ordered_list_open":
            return Block(lines=tuple(_items(lines)))
        case _:
            return Block(lines=tuple(_inline(line) for line in lines))


def code(content: str, info: str = "") -> Block:
    """Code with its language; fences inside cannot close it."""
    language = re.match(r"[\w+#.-]{0,20}", info.strip())
    shown = content.rstrip("\n").replace("```", "`\u200b`\u200b`")
    return Block(lines=tuple(shown.split("\n")), fence=language[0] if language else "")


def _heading(token: Token, content: str) -> Block:
    level = int(token.tag[1])
    words = _inline(" ".join(content.split("\n")))
    if level > 3:
        bare = words.replace("**", "")
        return Block(lines=(f"**{bare}**",), tight=True)
    return Block(lines=("#" * level + " " + words,), tight=True)


def _quoted(line: str) -> str:
    inside = re.sub(r"^\s{0,3}>[ ]?", "", line)
    return "> " + _inline(inside)


def _items(lines: list[str]) -> list[str]:
    made: list[str] = []
    fenced = False
    for line in lines:
        mark = re.match(r"\s*(```|~~~)", line)
        if mark:
            fenced = not fenced
            made.append(line.replace("~~~", "```", 1))
        elif fenced:
            made.append(line)
        elif line.strip():
            shown = re.sub(r"^(\s*)[+](\s)", r"\1-\2", line)
            shown = re.sub(r"^(\s*\d+)\)(\s)", r"\1.\2", shown)
            shown = re.sub(r"^(\s*(?:[-*]|\d+\.)\s+)\[ \] ", r"\1☐ ", shown)
            shown = re.sub(r"^(\s*(?:[-*]|\d+\.)\s+)\[[xX]\] ", r"\1☑ ", shown)
            made.append(_inline(shown))
    return made


def _inline(line: str) -> str:
    """One line outside of code."""
    # Small print is the bot's own: what was changed, and by what rights.
    line = re.sub(r"^(\s*)-#(?=\s)", r"\1\-#", line)
    made, end = [], 0
    for found in _CODE.finditer(line):
        made += [_marks(line[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*made, _marks(line[end:])])


def _marks(text: str) -> str:
    text = re.sub(r"!(\[[^\]]{0,500}\]\()", r"\1", text)  # an image is a link to it
    text = re.sub(r"&(?:lt|gt|amp|quot|nbsp|#39);", lambda found: unescape(found[0]), text)
    # Names as Python has them: __init__.py, obj.__len__()
    text = re.sub(r"(?<![\w\\])__([a-z]+)__(?=\.\w|\()", r"\_\_\1\_\_", text)
    text = re.sub(r"(?<![\w\\_])__(?=\S)([^_]{1,1000})(?<=\S)__(?!\w)", r"**\1**", text)
    return text.replace("||", r"\|\|")  # nobody means a spoiler


def _table(tokens: list[Token]) -> Block:
    rows: list[list[str]] = []
    for place, token in enumerate(tokens):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_cell(tokens[place + 1]))
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 3 * len(widths) > _WIDEST_TABLE:
        return _records(rows)
    made = [" │ ".join(map(_padded, row, widths)).rstrip() for row in rows]
    made.insert(1, "─┼─".join("─" * width for width in widths))
    return code("\n".join(made))


def _records(rows: list[list[str]]) -> Block:
    """A table too wide for any screen, a line for each row."""
    heads, *others = rows
    return Block(
        lines=tuple(
            "- "
            + "; ".join(
                f"**{escaped(head)}**: {escaped(cell)}"
                for head, cell in zip(heads, row, strict=True)
                if cell
            )
            for row in others
        )
        or ("- " + "; ".join(map(escaped, heads)),)
    )


def _cell(token: Token) -> str:
    made: list[str] = []
    href = ""
    for child in token.children or []:
        if child.type == "link_open":
            href = str(child.attrs.get("href", ""))
        elif child.type == "link_close":
            made.append(f" ({href})" if href not in made else "")
        else:
            made.append(" " if child.type.endswith("break") else child.content)
    return " ".join("".join(made).split())


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) or unicodedata.category(sign) == "Cf"
        else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )  # fmt: skip


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
