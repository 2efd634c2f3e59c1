"""Triples of texts to merge: mean ones, and from our own history. Tests nothing itself."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import strategies as st

from tests.core.state.git import Triple, git

ROOT = Path(__file__).parent.parent.parent.parent
MARKERS = ("<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base", "<<<<<<<", ">>>>>>>")
WORDS: tuple[Sequence[str], ...] = (
    "ab",
    "abcdefgh",
    ("a", "b", "", "{", "}", "    return x"),
    (*MARKERS, "a", ""),
    [f"line {number}" for number in range(200)],
    ("é", "\N{GRINNING FACE}", "\ufefftitle", "\x1b[31m", "\r", "a\rb", "\u2028"),
)

_LINES = st.sampled_from([b"a", b"b", b"c", b"", b"}", b"=======", b"<<<<<<< x", b"\xff", b"\r"])
_ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])
_TEXT = st.lists(st.builds(bytes.__add__, _LINES, _ENDS), max_size=12)


@st.composite
def _edited(draw: st.DrawFn, base: Sequence[bytes]) -> bytes:
    """The base with some stretches replaced, and perhaps its last line left open."""
    text = list(base)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        text[start : start + draw(st.integers(0, 3))] = draw(_TEXT.map(lambda new: new[:3]))
    whole = b"".join(text)
    return whole[:-1] if draw(st.integers(0, 4)) == 0 else whole


@st.composite
def triples(draw: st.DrawFn) -> Triple:
    """What Hypothesis makes up; it shrinks."""
    base = draw(_TEXT)
    return Triple(draw(_edited(base)), draw(_edited(base)), draw(_edited(base)))


def made_up(seed: int, count: int) -> list[Triple]:
    """Many at once, for one run of git; also longer ones."""
    chance = random.Random(seed)
    return [_made_up(chance) for _ in range(count)]


def _made_up(chance: random.Random) -> Triple:
    words = chance.choice(WORDS)
    ends = chance.choice([("\n",), ("\n",), ("\r\n",), ("\n", "\r\n")])
    line = {word: word + chance.choice(ends) for word in words}
    base = [chance.choice(words) for _ in range(chance.randrange(60))]
    versions = [base, _mutated(base, words, chance), _mutated(base, words, chance)]
    texts = ["".join(line[word] for word in version).encode() for version in versions]
    return Triple(*(text[:-1] if chance.random() < 0.2 else text for text in texts))


def _mutated(base: list[str], words: Sequence[str], chance: random.Random) -> list[str]:
    text = list(base)
    for _ in range(chance.randrange(5)):
        start = chance.randrange(len(text) + 1)
        new = [chance.choice(words) for _ in range(chance.randrange(4))]
        text[start : start + chance.randrange(4)] = new
    return text


def replayed(seed: int, most: int) -> list[Triple]:
    """Real changes of this repository, each cherry-picked onto other versions of its file.

    Empty where the tests run without the repository's history.
    """
    if not (ROOT / ".git").exists():
        return []
    found = [triple for blobs in _histories(ROOT) for triple in _picks(blobs)]
    random.Random(seed).shuffle(found)
    contents = _contents(ROOT, {blob for triple in found[:most] for blob in triple})
    return [Triple(*(contents[blob] for blob in triple)) for triple in found[:most]]


def _histories(repository: Path) -> list[list[str]]:
    """The versions of each file, oldest first, as git names them."""
    log = git(
        repository, "log", "--reverse", "--format=", "--raw", "--no-abbrev", "--no-renames", "-z"
    )
    parts = log.decode().split("\0")
    versions = defaultdict[str, list[str]](list)
    for heading, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, blob, what = heading.split()
        if mode.startswith("100") and what != "D":
            versions[path].append(blob)
    return list(versions.values())


def _picks(blobs: list[str]) -> Iterator[tuple[str, str, str]]:
    for at in range(len(blobs) - 1):
        for onto in (*blobs[:at], *blobs[at + 2 :]):
            yield blobs[at], onto, blobs[at + 1]


def _contents(repository: Path, blobs: set[str]) -> dict[str, bytes]:
    out = git(repository, "cat-file", "--batch", stdin="".join(f"{b}\n" for b in blobs).encode())
    contents, at = {}, 0
    while at < len(out):
        heading, _, _ = out[at : at + 200].partition(b"\n")
        blob, _, size = heading.split()
        start = at + len(heading) + 1
        contents[blob.decode()] = out[start : start + int(size)]
        at = start + int(size) + 1
    return contents
