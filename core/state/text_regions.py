"""Where the changes of two sides meet in a text, as git sees it. Places only, no choices.

The steps are those of git's xdiff/xmerge.c at its usual level ("zealous"), on the same diffs.
Whether there is a conflict at all is libgit2's word (core/state/text_git.py); this says where.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from core.state.text_git import Change, changes

# Conflicts with at most so many common lines between them are one: git finds that easier to read.
_NEAR = 3
_PIECE = 1 << 16


class Whose(Enum):
    """Whose lines stand in a region once it is merged."""

    OURS = auto()
    THEIRS = auto()
    OPEN = auto()


class Span(NamedTuple):
    """Lines `start` to `end` of one of the texts, counted from 0."""

    start: int
    end: int


class Region(NamedTuple):
    """A part of the text that was changed, in its three versions."""

    whose: Whose
    base: Span
    ours: Span
    theirs: Span


def lines(text: bytes) -> list[bytes]:
    """The lines of a text with their ends; only a newline ends one, as git has it."""
    found: list[bytes] = []
    start = 0
    while start < len(text):
        # In pieces: a single call that splits a large text would hold the interpreter.
        end = text.find(b"\n", start + _PIECE) + 1 or len(text)
        *whole, last = text[start:end].split(b"\n")
        found += [line + b"\n" for line in whole]
        if last:
            found.append(last)
        start = end
    return found


def regions(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> list[Region]:
    """What was changed, in order, but for what both sides changed alike; all are given as lines."""
    found: list[Region] = []
    for by_us, by_them, region in _meetings(changes(base, ours), changes(base, theirs)):
        if not (by_us and by_them):
            found.append(region)
        elif not _alike(by_us, by_them, ours, theirs):
            found += _refined(region, ours, theirs)
    return _joined(found)


def _meetings(
    ours: tuple[Change, ...], theirs: tuple[Change, ...]
) -> Iterator[tuple[list[Change], list[Change], Region]]:
    """Changes that overlap or touch in the base, together, and the region that they make."""
    to_ours = to_theirs = 0  # what leads from a line of the base to the same line there
    for start, end, by_us, by_them in _touching(ours, theirs):
        our_start, their_start = start + to_ours, start + to_theirs
        to_ours += sum(change.added - change.removed for change in by_us)
        to_theirs += sum(change.added - change.removed for change in by_them)
        whose = Whose.THEIRS if not by_us else Whose.OURS if not by_them else Whose.OPEN
        in_ours, in_theirs = Span(our_start, end + to_ours), Span(their_start, end + to_theirs)
        yield by_us, by_them, Region(whose, Span(start, end), in_ours, in_theirs)


def _touching(
    ours: tuple[Change, ...], theirs: tuple[Change, ...]
) -> Iterator[tuple[int, int, list[Change], list[Change]]]:
    """Group changes by the place in the base, from `start` to `end`, that they share."""
    both = sorted([*((change, 0) for change in ours), *((change, 1) for change in theirs)])
    at = 0
    while at < len(both):
        start = end = both[at][0].at
        group: tuple[list[Change], list[Change]] = ([], [])
        while at < len(both) and both[at][0].at <= end:
            change, side = both[at]
            group[side].append(change)
            end = max(end, change.at + change.removed)
            at += 1
        yield start, end, *group


def _alike(
    by_us: list[Change], by_them: list[Change], ours: list[bytes], theirs: list[bytes]
) -> bool:
    """Both sides made one change and the same."""
    if len(by_us) > 1 or len(by_them) > 1:
        return False
    one, other = by_us[0], by_them[0]
    return one[:2] == other[:2] and _new(one, ours) == _new(other, theirs)


def _new(change: Change, text: list[bytes]) -> list[bytes]:
    return text[change.new_at : change.new_at + change.added]


def _refined(region: Region, ours: list[bytes], theirs: list[bytes]) -> list[Region]:
    """Only the lines in which the sides really differ; all these parts have the same base."""
    (our_start, our_end), (their_start, their_end) = region.ours, region.theirs
    if our_start == our_end or their_start == their_end:
        return [region]
    differing = changes(ours[our_start:our_end], theirs[their_start:their_end])
    if not differing:
        return [region._replace(whose=Whose.OURS)]
    return [
        region._replace(
            ours=Span(our_start + at, our_start + at + removed),
            theirs=Span(their_start + new_at, their_start + new_at + added),
        )
        for at, removed, new_at, added in differing
    ]


def _joined(found: list[Region]) -> list[Region]:
    """Open regions that are near each other, with nothing decided between them, become one."""
    kept: list[Region] = []
    for region in found:
        last = kept[-1] if kept else None
        if (
            last is not None
            and last.whose is region.whose is Whose.OPEN
            and region.ours.start - last.ours.end <= _NEAR
        ):
            kept[-1] = Region(
                Whose.OPEN,
                Span(last.base.start, region.base.end),
                Span(last.ours.start, region.ours.end),
                Span(last.theirs.start, region.theirs.end),
            )
        else:
            kept.append(region)
    return kept
