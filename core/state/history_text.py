"""Commits, changes and where a key comes from as plain lines, for a chat or a terminal. Pure; what
is in them may be anybody's words, so whoever shows them makes them harmless."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from core.messages.views import ChangeLine, CommitLine
from core.state.moments import stamp
from core.state.provenance import Origin, Pin

_INDENT = "      "


def commit_lines(line: CommitLine, zone: tzinfo | None = None, most: int = 5) -> Iterator[str]:
    """A commit in a list: who, when, why, on what base, and what changed."""
    yield f"{line.commit}  {stamp(line.at, zone)}  {line.author}: {_why(line)}{_based(line)}"
    if line.changes:
        for change in line.changes:
            yield from (f"{_INDENT}{text}" for text in change_lines(change, most=8))
    else:
        yield from (f"{_INDENT}{text}" for text in line.lines[:most])
        if len(line.lines) > most:
            yield f"{_INDENT}and {len(line.lines) - most} more"
    yield from (f"{_INDENT}{text}" for text in _undoing(line))


def commit_whole(line: CommitLine, beyond: int, zone: tzinfo | None = None) -> Iterator[str]:
    """One commit with all its changes."""
    yield f"commit {line.commit}, {stamp(line.at, zone)}"
    yield f"by {line.author}: {_why(line)}{_based(line)}"
    yield from _undoing(line)
    for change in line.changes:
        yield ""
        yield from change_lines(change)
    if not line.changes:
        yield from (f"{text}" for text in line.lines)
        if line.lines:
            yield "(what it was before is not kept any more)"
    if beyond:
        yield f"and {beyond:,} more keys"


def change_lines(change: ChangeLine, most: int = 100) -> Iterator[str]:
    """What became of a key, and its difference if that says more."""
    yield change.text
    yield from (f"  {text}" for text in change.diff[:most])
    if len(change.diff) > most:
        yield f"  … {_more_lines(len(change.diff) - most)}"


def origin_lines(found: Origin, pin: Pin | None, zone: tzinfo | None = None) -> Iterator[str]:
    """Who set a key, when, in which job or turn, based on what; who else made it; who pinned it."""
    last = found.last
    why = f"in answer to “{found.asked}”" if found.asked else last.about
    yield (
        f"Last written by {last.author}, {stamp(last.at, zone)}, in commit {last.number}"
        f" ({why}), based on commit {last.base}."
    )
    if found.count > 1:
        yield f"Made by {found.count:,} commits; the newest:"
        for info, wish in found.makers:
            yield f"- commit {info.number}, {stamp(info.at, zone)}, {info.author}: {wish}"
    if pin is not None:
        yield f"Pinned by {pin.person}, {stamp(pin.at, zone)}."


def bounded(lines: Sequence[str], most_lines: int, most_characters: int, more: str) -> list[str]:
    """As many of the lines as fit, and then how many are left out and where they can be seen."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if len(kept) == most_lines or size > most_characters:
            return [*kept, f"… {_more_lines(len(lines) - len(kept))}{more}"]
        kept.append(line)
    return kept


def _why(line: CommitLine) -> str:
    return f"in answer to “{line.asked}”" if line.asked else line.about


def _based(line: CommitLine) -> str:
    return f" (based on commit {line.base})"


def _undoing(line: CommitLine) -> Iterator[str]:
    if line.undoes is not None:
        yield f"undoes commit {line.undoes}"
    if line.undone_by is not None:
        yield f"undone by commit {line.undone_by}"


def _more_lines(count: int) -> str:
    return f"{count:,} more line{'' if count == 1 else 's'}"
