"""What a search finds, where in its text, and how it is told. Asks no index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, zip_longest

# What the index puts around the words that matched. Control characters, which no shown text keeps.
OPEN, CLOSE = "\x02", "\x03"

LONGEST_SNIPPET = 240
_SOME = "nothing has all of these words; these have some of them"
# How much of a snippet stands before the first word that matched.
_LEAD = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHit:
    """A message of the channel. `line` counts from 1 within it, `at` is in Unix seconds."""

    seq: int
    thread: str
    author: str
    at: float
    line: int
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHit:
    """A line of a source's file; `at` is when the file was changed, in Unix seconds."""

    source: str
    path: str
    line: int
    at: float
    snippet: str


Hit = MessageHit | FileHit


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The hits, best first, and what to know about them, a sentence each.

    `partial` hits have some of the words, because nothing has all of them.
    """

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedLine:
    """A line with matches: `number` from 0 within its text, how many different ones, an excerpt."""

    number: int
    different: int
    snippet: str


def marked_lines(marked: str) -> Iterator[MarkedLine]:
    """The lines of a text in which OPEN and CLOSE stand around what matched."""
    for number, line in enumerate(marked.split("\n")):
        if OPEN in line:
            matches = {part.partition(CLOSE)[0].casefold() for part in line.split(OPEN)[1:]}
            yield MarkedLine(number=number, different=len(matches), snippet=excerpt(line))


def excerpt(line: str) -> str:
    """A bounded piece of one line around its first match, fit to be shown."""
    start = max(0, line.find(OPEN) - _LEAD)
    piece = line[start : start + 2 * LONGEST_SNIPPET].replace(OPEN, "").replace(CLOSE, "")
    more = len(line) > start + 2 * LONGEST_SNIPPET
    shown = plain(piece)
    cut = shown[:LONGEST_SNIPPET].rstrip()
    return ("…" if start else "") + cut + ("…" if more or len(shown) > LONGEST_SNIPPET else "")


def plain(text: str) -> str:
    """The text on one line, without characters that a terminal or a reader could trip over."""
    kept = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())


def combined(results: Sequence[SearchResult], limit: int) -> SearchResult:
    """The hits of several indexes, from each in turn; partial ones only if there are no others."""
    whole = [result for result in results if result.hits and not result.partial]
    turns = chain.from_iterable(zip_longest(*(result.hits for result in whole or results)))
    return SearchResult(
        hits=tuple(hit for hit in turns if hit is not None)[:limit],
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        partial=not whole and any(result.partial for result in results),
    )


def render(result: SearchResult) -> str:
    """The result as short text: a line per hit, "source/path:line: …" or "#seq author, time: …"."""
    lines = [_line(hit) for hit in result.hits] or ["no hits"]
    notes = (_SOME, *result.notes) if result.partial else result.notes
    return "\n".join([*lines, *(f"({note})" for note in notes)])


def _line(hit: Hit) -> str:
    match hit:
        case FileHit():
            return f"{hit.source}/{plain(hit.path)}:{hit.line}: {hit.snippet}"
        case MessageHit():
            # A platform's time is not to be trusted: beyond the year 9999 there are no dates.
            at = datetime.fromtimestamp(min(max(0.0, hit.at), 253402300799.0), UTC)
            return f"#{hit.seq} {plain(hit.author)[:80]}, {at:%Y-%m-%d %H:%M} UTC: {hit.snippet}"
