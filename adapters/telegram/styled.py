"""A text with its marks, counted as Telegram counts: joined, cut in parts that fit. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

LONGEST = 4096  # UTF-16 units in a message
MOST_MARKS = 100
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One message entity. `start` and `length` in UTF-16 units."""

    kind: str
    start: int
    length: int
    url: str | None = None
    language: str | None = None
    person: int | None = None

    @property
    def end(self) -> int:
        """The first unit behind it."""
        return self.start + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Styled:
    """A text and its marks."""

    text: str
    marks: tuple[Mark, ...] = ()

    def __add__(self, other: "Styled") -> "Styled":
        shift = units(self.text)
        moved = tuple(replace(mark, start=mark.start + shift) for mark in other.marks)
        return Styled(text=self.text + other.text, marks=self.marks + moved)


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked(text: str, kind: str, *, person: int | None = None) -> Styled:
    """A text under one mark."""
    if not text:
        return Styled(text="")
    return Styled(text=text, marks=(Mark(kind=kind, start=0, length=units(text), person=person),))


def split(styled: Styled, longest: int = LONGEST) -> list[Styled]:
    """Parts that fit a message each, cut between blocks where that is possible.

    Nothing is lost but blank lines at the cuts; a mark that is cut goes on in the next part.
    """
    parts = []
    text, at = styled.text, _offsets(styled.text)
    begin = 0
    while begin < len(text):
        end = _cut(styled, at, begin, longest)
        part = _piece(styled, at, begin, end)
        if part.text.strip():
            parts.append(part)
        begin = end
    return parts


def start_of(styled: Styled, longest: int) -> Styled:
    """The first part that fits."""
    parts = split(styled, longest)
    return parts[0] if parts else Styled(text="")


def _offsets(text: str) -> list[int]:
    at, total = [0], 0
    for char in text:
        total += 2 if ord(char) > 0xFFFF else 1
        at.append(total)
    return at


def _cut(styled: Styled, at: list[int], begin: int, longest: int) -> int:
    """The index behind the part that begins at `begin`."""
    most = _crowded(styled, at[begin])
    room = min(at[begin] + longest, most)
    if at[-1] <= room:
        return len(styled.text)
    far = _last_within(at, room)
    least = begin + max(1, (far - begin) // 3)
    fenced = [mark for mark in styled.marks if mark.kind == "pre"]
    for separator, whole in (("\n\n", True), ("\n", True), ("\n\n", False), ("\n", False)):
        for index in _behind(styled.text, separator, least, far):
            if not whole or not any(mark.start < at[index] < mark.end for mark in fenced):
                return index
    blank = styled.text.rfind(" ", least, far)
    return blank + 1 if blank >= 0 else _between_signs(styled.text, begin, far)


def _crowded(styled: Styled, begin: int) -> int:
    """Where the mark begins that would be one too many."""
    starts = sorted(max(mark.start, begin) for mark in styled.marks if mark.end > begin)
    if len(starts) <= MOST_MARKS:
        return 1 << 60
    return max(starts[MOST_MARKS], begin + 1)


def _last_within(at: list[int], room: int) -> int:
    low, high = 0, len(at) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if at[middle] <= room else (low, middle - 1)
    return low


def _behind(text: str, separator: str, least: int, most: int) -> Iterator[int]:
    index = text.rfind(separator, least, most)
    while index >= 0:
        yield index + len(separator)
        index = text.rfind(separator, least, index)


def _between_signs(text: str, begin: int, end: int) -> int:
    """Not inside what is seen as one sign: an emoji of several, a letter with its accents."""
    for index in range(end, max(begin, end - 32), -1):
        joined = unicodedata.combining(text[index]) or text[index] in f"{_JOINER}\ufe0f"
        toned = "\U0001f3fb" <= text[index] <= "\U0001f3ff"
        if not joined and not toned and text[index - 1] != _JOINER:
            return index
    return end


def _piece(styled: Styled, at: list[int], begin: int, end: int) -> Styled:
    while begin < end and styled.text[begin] == "\n":
        begin += 1
    while end > begin and styled.text[end - 1] == "\n":
        end -= 1
    first, last = at[begin], at[end]
    marks = (
        replace(
            mark,
            start=max(mark.start, first) - first,
            length=min(mark.end, last) - max(mark.start, first),
        )
        for mark in styled.marks
        if mark.start < last and mark.end > first
    )
    return Styled(text=styled.text[begin:end], marks=tuple(marks))
