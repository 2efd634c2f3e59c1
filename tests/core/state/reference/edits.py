"""Texts as people and programs change them: branches of a file over several commits. No test."""

import random
from collections.abc import Callable

from tests.core.state.git import Triple

Lines = list[bytes]
Edit = Callable[[Lines, random.Random], Lines]
ENDS = (b"\n", b"\n", b"\r\n")
WORDS = (
    b"",
    b"{",
    b"}",
    b"    return",
    b"\xff\xfe",
    "é".encode(),
    b"x" * 9000,
    b"\tx ",
    b"=======",
)


def branches(seed: int, count: int) -> list[Triple]:
    """Histories of two branches each, told by where they part and where they end."""
    chance = random.Random(seed)
    return [_branched(chance) for _ in range(count)]


def _branched(chance: random.Random) -> Triple:
    base = [_line(chance) for _ in range(chance.choice((0, 1, 3, 12, 40, 120)))]
    sides = [_committed(base, chance) for _ in range(2)]
    return Triple(*(b"".join(text) for text in (base, *sides)))


def _committed(base: Lines, chance: random.Random) -> Lines:
    text = list(base)
    for _ in range(chance.randrange(4)):
        text = chance.choice(EDITS)(text, chance)
    return text


def _line(chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return chance.choice(WORDS) + chance.choice(ENDS)
    return b"line %d\n" % chance.randrange(30)


def _stretch(text: Lines, chance: random.Random) -> slice:
    start = chance.randrange(len(text) + 1)
    return slice(start, start + chance.randrange(6))


def _rewritten(text: Lines, chance: random.Random) -> Lines:
    text[_stretch(text, chance)] = [_line(chance) for _ in range(chance.randrange(5))]
    return text


def _moved(text: Lines, chance: random.Random) -> Lines:
    where = _stretch(text, chance)
    block = text[where]
    del text[where]
    to = chance.randrange(len(text) + 1)
    text[to:to] = block
    return text


def _repeated(text: Lines, chance: random.Random) -> Lines:
    where = _stretch(text, chance)
    text[where] = text[where] * chance.randrange(1, 4)
    return text


def _indented(text: Lines, chance: random.Random) -> Lines:
    where = _stretch(text, chance)
    text[where] = [b"    " + line for line in text[where]]
    return text


def _trimmed(text: Lines, chance: random.Random) -> Lines:
    return [line.rstrip(b" \t\r\n") + b"\n" for line in text]


def _ended_otherwise(text: Lines, chance: random.Random) -> Lines:
    where = _stretch(text, chance) if chance.random() < 0.5 else slice(None)
    text[where] = [line.removesuffix(b"\n").removesuffix(b"\r") + b"\r\n" for line in text[where]]
    return text


def _left_open(text: Lines, chance: random.Random) -> Lines:
    return [*text[:-1], text[-1].rstrip(b"\r\n")] if text else text


def _emptied(text: Lines, chance: random.Random) -> Lines:
    return [] if chance.random() < 0.3 else text[: len(text) // 2]


def _binary(text: Lines, chance: random.Random) -> Lines:
    at = chance.randrange(len(text) + 1)
    return [*text[:at], b"\0" * chance.randrange(2) + b"\x80\n", *text[at:]]


# A last line that was left open is joined with what comes to stand behind it, as in an editor.
EDITS: tuple[Edit, ...] = (
    *(_rewritten, _rewritten, _rewritten, _moved, _repeated, _indented),
    *(_trimmed, _ended_otherwise, _left_open, _emptied, _binary),
)
