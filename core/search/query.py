"""What people type into a search as a safe full-text expression. Asks no index.

The syntax is words, "quoted phrases" and beginnings (`deploy*`); everything else separates words.
Nothing of the input is ever read as FTS5's own syntax: each term ends up inside quotes.
"""

import re
import unicodedata
from dataclasses import dataclass

from core.errors import BadRequest

# Each word costs a walk along its occurrences, so their number bounds the time of a search.
MOST_WORDS = 24
MOST_CHARACTERS = 2000
SHORTEST_BEGINNING = 2
SHORTEST_PART = 3

_QUOTES = str.maketrans("“”„‟«»\uff02", '"' * 7)
_TERM = re.compile(r'"(?P<phrase>[^"]*)"?|(?P<word>[^\s"*]+)(?P<begins>\*?)')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for: `terms` are FTS5 expressions of a word, phrase or beginning each.

    `parts` are the same for where any three characters in a row are indexed: the texts as they were
    given, signs too. `notes` say what of the input was left out.
    """

    terms: tuple[str, ...]
    parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def all_of(self) -> str:
        """The expression that matches where every term occurs."""
        return " AND ".join(self.terms)


def any_of(terms: tuple[str, ...]) -> str:
    """The expression that matches where at least one of the terms occurs."""
    return " OR ".join(terms)


def parse(text: str) -> Query:
    """Understand a query of any length and content. Raises BadRequest if it has no words."""
    notes: dict[str, None] = {}
    if len(text) > MOST_CHARACTERS:
        notes[f"only the first {MOST_CHARACTERS} characters of the query were used"] = None
    terms: dict[str, None] = {}
    parts: dict[str, None] = {}
    left = MOST_WORDS
    for found in _TERM.finditer(_printable(text[:MOST_CHARACTERS].translate(_QUOTES))):
        raw = found["phrase"] if found["word"] is None else found["word"]
        words = list(_WORD.finditer(raw))
        if len(words) > left:
            notes[f"only the first {MOST_WORDS} words of the query were used"] = None
            raw, words = raw[: words[left - 1].end()] if left else "", words[:left]
        if words:
            terms[_term(raw, words[-1].group(), bool(found["begins"]), notes)] = None
            left -= len(words)
        if (
            len(raw.strip()) >= SHORTEST_PART
            and (words or found["phrase"])
            and len(parts) < MOST_WORDS
        ):
            parts[f'"{raw.strip()}"'] = None
    if parts and not terms:
        notes["signs without words are only found in sources with trigrams"] = None
    if not terms and not parts:
        raise BadRequest('give words to search for, a "quoted phrase", or a beginning like deploy*')
    return Query(terms=tuple(terms), parts=tuple(parts), notes=tuple(notes))


def _term(raw: str, last: str, begins: bool, notes: dict[str, None]) -> str:
    if begins and len(last) < SHORTEST_BEGINNING:
        notes[f"{last}* was searched as a word: a beginning needs two letters"] = None
    elif begins:
        return f'"{raw}" *'
    return f'"{raw}"'


def _printable(text: str) -> str:
    """The text with control characters (NUL ends an expression) and lone surrogates as spaces."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(one) in ("Cc", "Cs") else one for one in text)
