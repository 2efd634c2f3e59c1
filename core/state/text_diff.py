"""What changed in a text, for people to read: bounded, harmless to show. Applies nothing."""

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from core.state.text import is_text
from core.state.text_git import Change, changes
from core.state.text_regions import lines

LONGEST_LINE = 200  # characters that are shown of a line
_LEAD = 40  # bytes that are shown before the first difference of two long lines
_OPEN_END = "\\ No newline at end of file"

# What would move a cursor, end a line or turn text around is shown as a picture or a blot.
_HARMLESS = {
    **{code: 0x2400 + code for code in range(32) if code != 9},
    127: 0x2421,
    **dict.fromkeys(
        (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
    ),
}


def diff_lines(old: bytes, new: bytes, context: int = 3, most: int = 40) -> tuple[str, ...]:
    """A unified diff without file names: "@@ -1,2 +1,2 @@", " same", "-old", "+new".

    At most `most` lines, and one that says how many changed lines are left out. Of long lines the
    part with the change is shown. Empty for equal texts; one line in words where a side is no text
    or too large.
    """
    if old == new:
        return ()
    if not (is_text(old) and is_text(new)):
        return (f"not shown: {len(old):,} bytes became {len(new):,} bytes",)
    before, after = lines(old), lines(new)
    found = changes(before, after)
    shown = list(islice(_unified(before, after, found, context), most))
    left = sum(change.removed + change.added for change in found)
    left -= sum(line[0] in "-+" for line in shown)
    return (*shown, f"… {left:,} more changed lines") if left else tuple(shown)


def _unified(
    before: list[bytes], after: list[bytes], found: Sequence[Change], context: int
) -> Iterator[str]:
    for group in _groups(found, context):
        first, last = group[0], group[-1]
        lead = min(context, first.at)
        at, new_at = first.at - lead, first.new_at - lead
        end = min(last.at + last.removed + context, len(before))
        new_end = last.new_at + last.added + end - last.at - last.removed
        yield f"@@ -{_range(at, end)} +{_range(new_at, new_end)} @@"
        for change in group:
            yield from _shown(" ", before[at : change.at])
            at = change.at + change.removed
            olds, news = before[change.at : at], after[change.new_at : change.new_at + change.added]
            pairs = len(olds) == len(news)
            yield from _shown("-", olds, news if pairs else ())
            yield from _shown("+", news, olds if pairs else ())
        yield from _shown(" ", before[at:end])


def _groups(found: Sequence[Change], context: int) -> Iterator[list[Change]]:
    """Changes whose surroundings touch are shown together."""
    group: list[Change] = []
    for change in found:
        if group and change.at - group[-1].at - group[-1].removed > 2 * context:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _range(start: int, end: int) -> str:
    """Lines as a diff's heading has them: counted from 1, and no lines after the one before."""
    size = end - start
    return f"{end}" if size == 1 else f"{start + (size > 0)},{size}"


def _shown(mark: str, text: Sequence[bytes], others: Sequence[bytes] = ()) -> Iterator[str]:
    """Lines with their mark; `others` are what they were changed from or to, one by one."""
    for line, other in zip_longest(text, others, fillvalue=b""):
        start = _start(line, other) if other else 0
        # No character has more than four bytes.
        part = line[start : start + 4 * LONGEST_LINE + 4].removesuffix(b"\n")
        shown = part.decode("utf-8", "replace")
        cut = "…" if len(shown) > LONGEST_LINE else ""
        before = "…" if start else ""
        yield mark + before + shown[:LONGEST_LINE].translate(_HARMLESS) + cut
        if not line.endswith(b"\n"):
            yield _OPEN_END


def _start(line: bytes, other: bytes) -> int:
    """Where to begin to show a line: shortly before the first byte in which the two differ."""
    if max(len(line), len(other)) <= LONGEST_LINE:
        return 0
    low, high = 0, min(len(line), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if line[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    start = max(0, low - _LEAD)
    into = next((n for n in range(4) if line[start - n] & 0xC0 != 0x80), 0)  # a character
    return max(0, start - into)
