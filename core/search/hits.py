"""What a search finds, as data that says what each hit is and which version of it was seen.
Asks no index and writes no text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHit:
    """A message of the channel: `seq` names it for ever.

    `line` counts from 1 within it, `at` is in Unix seconds.
    """

    seq: int
    thread: str
    author: str
    at: float
    line: int
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateHit:
    """A line of an entry's value, of a log, or an element of a set.

    `commit` wrote the entry as it was seen; of a log or a set, that line or element. `line` counts
    from 1 within the value, the log's line or the element.
    """

    key: str
    commit: int
    author: str
    at: float
    line: int
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceHit:
    """A line of one of the channel's workspace files; line 0: its name alone.

    `sha256` is the content that was seen, `commit` wrote it there; `also` counts other files with
    the same content.
    """

    path: str
    sha256: str
    commit: int
    author: str
    at: float
    line: int
    snippet: str
    also: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHit:
    """A line of a source's file; `at` is when the file was changed, in Unix seconds.

    `digest` is of the lines around it: the same place with the same digest says the same.
    """

    source: str
    path: str
    line: int
    at: float
    snippet: str
    digest: str


Hit = MessageHit | StateHit | WorkspaceHit | FileHit


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The hits, best first, and what to know about them, a sentence each.

    `partial` hits have some of the words, because nothing has all of them.
    """

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Files whose text is not searched: how many, and the newest with the reason."""

    count: int = 0
    newest: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search says to a person or a model, and the hits that its text is made of."""

    text: str
    hits: tuple[Hit, ...] = ()


def combined(results: Sequence[SearchResult], limit: int) -> SearchResult:
    """The hits of several indexes, from each in turn; partial ones only if there are no others."""
    whole = [result for result in results if result.hits and not result.partial]
    turns = chain.from_iterable(zip_longest(*(result.hits for result in whole or results)))
    return SearchResult(
        hits=tuple(hit for hit in turns if hit is not None)[:limit],
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        partial=not whole and any(result.partial for result in results),
    )
