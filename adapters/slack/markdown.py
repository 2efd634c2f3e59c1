"""Markdown cut where it may be cut: into blocks, and blocks into messages. Pure.

Sizes are counted as UTF-16 units of the JSON that goes out, which is never less than what Slack
counts. Fences that are cut are closed and opened again; tables are cut between rows.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"([ >]*)(`{3,}|~{3,})([^`]*)")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_IMAGE = re.compile(r"!\[([^\]\n]*)\](?=\()")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Ordinary Markdown."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A code block: the line that opens it, the one that closes it, what is in between."""

    opens: str
    closes: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The block as Markdown."""
        return "\n".join((self.opens, *self.lines, self.closes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: the header is its first row."""

    rows: tuple[tuple[str, ...], ...]


Block = Text | Fence | Table


def cost(text: str) -> int:
    """What a text takes of a message's room."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2


def fitted(text: str, units: int) -> str:
    """The text, cut to so many UTF-16 units."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return text if len(raw) <= 2 * units else raw[: 2 * units].decode("utf-16-le", "ignore")


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text, in order."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n")
    at, waiting = 0, list[str]()
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        if fence is not None or _is_table(lines, at):
            yield from _texts(waiting)
            waiting = []
            block, at = _fence(lines, at, fence) if fence else _table(lines, at)
            yield block
        elif not lines[at].strip() and not (_is_list(waiting) and _goes_on(lines, at)):
            yield from _texts(waiting)
            waiting, at = [], at + 1
        else:
            waiting.append(_IMAGE.sub(r"[\1]", lines[at]))
            at += 1
    yield from _texts(waiting)


def _texts(lines: Sequence[str]) -> Iterator[Text]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield Text(text=text)


def _is_list(lines: Sequence[str]) -> bool:
    return bool(lines) and _ITEM.match(lines[0].lstrip()) is not None


def _goes_on(lines: Sequence[str], at: int) -> bool:
    # A blank line within a list does not end it.
    after = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(after.strip()) and (after.startswith("  ") or _ITEM.match(after) is not None)


def _fence(lines: Sequence[str], at: int, opened: re.Match[str]) -> tuple[Fence, int]:
    indent, marks = opened[1], opened[2]
    end = at + 1
    while end < len(lines):
        closing = lines[end].strip(" >\t")
        if len(closing) >= len(marks) and not closing.strip(marks[0]):
            break
        end += 1
    fence = Fence(opens=lines[at], closes=indent + marks, lines=tuple(lines[at + 1 : end]))
    return fence, end + 1


def _is_table(lines: Sequence[str], at: int) -> bool:
    if "|" not in lines[at] or at + 1 == len(lines) or "|" not in lines[at + 1]:
        return False
    return len(lines[at + 1]) < 2_000 and _RULE.fullmatch(lines[at + 1]) is not None


def _table(lines: Sequence[str], at: int) -> tuple[Table, int]:
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    rows = [_cells(lines[at]), *(_cells(line) for line in lines[at + 2 : end])]
    width = max(1, len(rows[0]))
    even = tuple(tuple((*row, *[""] * width)[:width]) for row in rows)
    return Table(rows=even), end


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def aligned(table: Table) -> Fence:
    """A table as a code block, in columns."""
    widths = [max(_width(row[n]) for row in table.rows) for n in range(len(table.rows[0]))]
    lines = [
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in table.rows
    ]
    ruled = [lines[0], "  ".join("-" * max(1, width) for width in widths), *lines[1:]]
    # One mark more than any in the table, so that nothing in it closes the fence.
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(3, longest + 1)
    return Fence(opens=marks, closes=marks, lines=tuple(line.rstrip() for line in ruled))


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(block: Block, room: int) -> Iterator[Block]:
    """The block in pieces that cost at most `room` each; tables are left whole."""
    match block:
        case Text(text=text):
            yield from (Text(text=piece) for piece in _cut_lines(text.split("\n"), room))
        case Fence():
            around = cost(f"{block.opens[:200]}\n\n{block.closes}")
            # An absurd info string is not worth repeating.
            opens = block.opens if len(block.opens) <= 200 else block.closes
            for piece in _cut_lines(block.lines, max(room - around, room // 2)):
                yield Fence(opens=opens, closes=block.closes, lines=tuple(piece.split("\n")))
        case Table():
            yield block


def _cut_lines(lines: Sequence[str], room: int) -> Iterator[str]:
    held: list[str] = []
    used = 2
    for line in lines:
        size = cost(line)
        if held and used + size > room:
            yield "\n".join(held)
            held, used = [], 2
        *whole, rest = _cut_line(line, room) if size > room else [line]
        yield from whole
        held.append(rest)
        used += cost(rest) if whole else size
    if held:
        yield "\n".join(held)


def _cut_line(line: str, room: int) -> list[str]:
    pieces = []
    while cost(line) > room:
        end = _fitting(line, room)
        blank = line.rfind(" ", end * 3 // 4, end)
        end = blank + 1 if blank > 0 else _between_letters(line, end)
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line]


def _fitting(line: str, room: int) -> int:
    low, high = 1, min(len(line), room)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(line[:middle]) <= room else (low, middle - 1)
    return low


def _between_letters(line: str, end: int) -> int:
    # An emoji or a letter with its marks is several characters: not within one, if it ends soon.
    for at in range(end, max(1, end - 60), -1):
        joined = at < len(line) and (
            line[at - 1] == "\u200d" or line[at] in "\u200d\ufe0e\ufe0f" or _is_mark(line[at])
        )
        if not joined:
            return at
    return end


def _is_mark(char: str) -> bool:
    return unicodedata.combining(char) > 0 or "\U0001f3fb" <= char <= "\U0001f3ff"
