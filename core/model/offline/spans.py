"""Cuts a request into its parts without cutting what is quoted. Pure; knows no verbs."""

import re

# Fenced code, code, and quotations keep together whatever stands in them.
_QUOTED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^“”\n]*”", re.DOTALL)
_BLANKS = re.compile(r"[ \t]{2,}")
_BULLET = re.compile(r"^[ \t]*(?:[-\u2013\u2014*•+]|\d{1,2}[.)])[ \t]+", re.MULTILINE)
# Marks within a line, "1) this 2) that": a list only if they count up from the first.
_COUNTED = re.compile(
    r"(?:^|(?<=\s))(?:(?:step|part|task)\s+)?\(?(?P<mark>\d{1,2}|[a-z])(?:[):]|\.\)?)\s+",
    re.IGNORECASE,
)
_LINE = re.compile(r"\n")
_APART = re.compile(r"\s*;\s*")


def masked(text: str) -> str:
    """The text with all that is quoted made neutral, place for place."""
    return _QUOTED.sub(lambda found: "\x00" * len(found[0]), text)


def cut(text: str, pattern: re.Pattern[str]) -> list[str]:
    """The parts between the matches of `pattern` outside of quotations, without empty ones."""
    parts, start = [], 0
    for found in pattern.finditer(masked(text)):
        parts.append(text[start : found.start()])
        start = found.end()
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def split(text: str, *patterns: re.Pattern[str], most: int) -> list[tuple[str, str]]:
    """The parts between the matches outside of quotations, each with the gap before it.

    Joined they are the text. With more than `most` parts the text is one.
    """
    neutral = masked(text)
    found = (gap.span() for pattern in patterns for gap in pattern.finditer(neutral))
    gaps = sorted(found, key=lambda gap: (gap[0], -gap[1]))
    parts, start, before = [], 0, ""
    for begin, end in gaps if len(gaps) < most else ():
        if begin > start:
            parts.append((before, text[start:begin]))
            before, start = text[begin:end], end
    return [*parts, (before, text[start:])]


def listed(text: str) -> tuple[str, list[str]]:
    """What stands before a list, with its first mark, and the list's items; none without marks."""
    neutral = masked(text)
    bullets, counted = list(_BULLET.finditer(neutral)), _counted(neutral)
    marks = counted if len(counted) > max(len(bullets), 1) else bullets
    if not marks:
        return text.strip(), []
    head = text[: marks[0].end()].strip()
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    items = [text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    return head, [item for item in items if item]


def _counted(neutral: str) -> list[re.Match[str]]:
    """The marks that count 1, 2, 3 or a, b, c."""
    found: list[re.Match[str]] = []
    for mark in _COUNTED.finditer(neutral):
        wanted = len(found) + 1
        if mark["mark"].lower() in (str(wanted), chr(ord("a") + len(found))):
            found.append(mark)
    return found


def tidy(text: str) -> str:
    """The text with one space for each run of spaces outside of quotations."""
    parts, start = [], 0
    for found in _BLANKS.finditer(masked(text)):
        parts += [text[start : found.start()], " "]
        start = found.end()
    return "".join((*parts, text[start:]))


def lines(text: str) -> list[str]:
    """The lines that are not empty."""
    return cut(text, _LINE)


def apart(text: str) -> list[str]:
    """The parts between semicolons."""
    return cut(text, _APART)


def unquoted(text: str) -> str:
    """The text without the one pair of quotation marks or code marks that encloses it."""
    text = text.strip()
    fence = re.fullmatch(r"```[\w+-]*[ \t]*\n?(.*?)\n?(?:```)?", text, re.DOTALL)
    if fence and text.startswith("```"):
        return fence[1]
    for left, right in (("`", "`"), ('"', '"'), ("“", "”"), ("'", "'"), ("«", "»")):
        inside = text[1:-1]
        if len(text) > 1 and text[0] == left and text[-1] == right and right not in inside:
            return inside
    return text
