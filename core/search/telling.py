"""How hits are told to people and models: lines cut to what matched, and one line a hit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from core.search.hits import FileHit, Found, Hit, MessageHit, SearchResult, StateHit, WorkspaceHit

# What the index puts around the words that matched. Control characters, which no shown text keeps.
OPEN, CLOSE = "\x02", "\x03"
# What is shown around them: plain on every platform, and no syntax of any.
_SHOWN = str.maketrans({OPEN: "«", CLOSE: "»"})

LONGEST_SNIPPET = 240
_SOME = "nothing has all of these words; these have some of them"
# How much of a snippet stands before the first word that matched.
_LEAD = 80
# How many lines of one text are told before those of the next one have had their turn.
_TURN = 3
_LONGEST_KEY = 300
_ENTRIES, _FILES = "state", "files"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """A line that is told: of which text (its place in the ranking), its number, an excerpt."""

    place: int
    line: int
    snippet: str


def best_lines(texts: Sequence[tuple[str, int, str]], limit: int) -> list[FoundLine]:
    """The best `limit` lines of ranked texts: a name, the number of the first line, the text.

    Lines with most of the words come first. Of what has none marked (the name alone matched) the
    first line is told, once for each name.
    """
    found: list[tuple[tuple[int, int, int], FoundLine]] = []
    named: set[str] = set()
    for place, (name, first, marked) in enumerate(texts):
        lines = sorted(marked_lines(marked), key=lambda one: -one.different)
        if not lines and name not in named:
            named.add(name)
            lines = [best_line(marked.strip())]
        found.extend(
            (
                (-one.different, nth // _TURN, place),
                FoundLine(place=place, line=first + one.number, snippet=one.snippet),
            )
            for nth, one in enumerate(lines)
        )
    found.sort(key=lambda one: one[0])
    return [line for _, line in found[:limit]]


def best_line(marked: str) -> MarkedLine:
    """The line with the most different matches; the first line where nothing is marked."""
    nothing = MarkedLine(number=0, different=0, snippet=excerpt(marked[: 4 * LONGEST_SNIPPET]))
    return max(marked_lines(marked), key=lambda one: one.different, default=nothing)


def excerpt(line: str) -> str:
    """A bounded piece of one line around its first match, fit to be shown, matches in « »."""
    start = max(0, line.find(OPEN) - _LEAD)
    piece = line[start : start + 2 * LONGEST_SNIPPET]
    more = len(line) > start + 2 * LONGEST_SNIPPET
    shown = plain(piece.translate(_SHOWN))
    cut = shown[:LONGEST_SNIPPET].rstrip()
    if cut.count("«") > cut.count("»") and shown.count("«") == shown.count("»"):
        cut += "»"
    return ("…" if start else "") + cut + ("…" if more or len(shown) > LONGEST_SNIPPET else "")


def plain(text: str) -> str:
    """The text on one line, without characters that a terminal or a reader could trip over."""
    kept = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())


def told(result: SearchResult) -> Found:
    """The result with its text: a line per hit, the place first, then what is known of it."""
    lines = [_line(hit) for hit in result.hits] or ["no hits"]
    notes = (_SOME, *result.notes) if result.partial else result.notes
    return Found(text="\n".join([*lines, *(f"({note})" for note in notes)]), hits=result.hits)


def _line(hit: Hit) -> str:
    match hit:
        case FileHit():
            place = f"{hit.source}/{plain(hit.path)}:{hit.line}"
            return f"{place}: {hit.snippet} ({_time(hit.at)})"
        case MessageHit():
            return f"#{hit.seq} {_by(hit.author, hit.at)}: {hit.snippet}"
        case StateHit():
            key = plain(hit.key)
            cut = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
            place = f"{_ENTRIES}/{cut}:{hit.line}"
            return f"{place} {_by(hit.author, hit.at)}: {hit.snippet}"
        case WorkspaceHit():
            place = f"{_FILES}/{plain(hit.path)}" + (f":{hit.line}" if hit.line else "")
            also = f" (the same in {hit.also} more)" if hit.also else ""
            return f"{place} {_by(hit.author, hit.at)}: {hit.snippet}{also}"
        case _ as unreachable:
            assert_never(unreachable)


def _by(author: str, at: float) -> str:
    return f"{plain(author)[:80] or 'the bot'}, {_time(at)}"


def _time(at: float) -> str:
    # A platform's time is not to be trusted: beyond the year 9999 there are no dates.
    when = datetime.fromtimestamp(min(max(0.0, at), 253402300799.0), UTC)
    return f"{when:%Y-%m-%d %H:%M} UTC"
