"""A file's text as chunks of lines, the unit that is indexed. Opens nothing, knows no database.

Small chunks find the line quickly, large ones index quickly; at 32 lines both are good enough.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO

MOST_LINES = 32
MOST_CHARACTERS = 4096
_BLOCK = 65536
_HEAD = 8192

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TERMINAL = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours and cursor
    rb"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
    rb"|[@-Z\\-_])"
)
_CONTROLS = bytes(
    0x20 if (code < 0x20 and code not in b"\t\n") or code == 0x7F else code for code in range(256)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A byte of a file at which reading can begin, and the number of the line there."""

    offset: int
    line: int


BEGINNING = Start(offset=0, line=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some lines without control characters; `line` is the number of the first, from 1.

    `digest` is equal where line and text are. `start` is the nearest one at or before it.
    """

    line: int
    text: str
    digest: bytes
    start: Start = BEGINNING


def is_binary(stream: BinaryIO) -> bool:
    """Whether it looks like no text, judged as git does; leaves the stream at its start."""
    head = stream.read(_HEAD)
    stream.seek(0)
    return b"\0" in head and not head.startswith(_UTF16)


def chunks(stream: BinaryIO, size: int, start: Start = BEGINNING) -> Iterator[Chunk]:
    """The first `size` bytes of a stream as chunks, from a `start` on that one of them had.

    What is not UTF-8 becomes U+FFFD. A file that only grew has the same chunks as before, but for
    the last one.
    """
    line = start.line
    for offset, text in _texts(stream, size, start.offset):
        whole = text.endswith("\n")
        lines = text.split("\n")
        if whole:
            lines.pop()
        yield from _grouped(lines, line, Start(offset=offset, line=line))
        line += len(lines) if whole else len(lines) - 1


def _texts(stream: BinaryIO, size: int, offset: int) -> Iterator[tuple[int, str]]:
    """The text in pieces that end at ends of lines, each with the byte it begins at; only a line
    of more than a block is cut."""
    rest = b""
    for begin, block in _blocks(stream, size, offset):
        offset = begin - len(rest) if begin >= 0 else 0
        cut = rest.rfind(b"\n") + 1
        if cut or len(rest) >= _BLOCK:
            cut = cut or rest.rfind(b" ") + 1 or len(rest)
            yield offset, _clean(rest[:cut])
            rest = rest[cut:]
            offset += cut if begin >= 0 else 0
        rest += block
    if rest:
        yield offset, _clean(rest)


def _blocks(stream: BinaryIO, size: int, offset: int) -> Iterator[tuple[int, bytes]]:
    """Blocks of bytes, each with where it begins; -1: reading cannot begin there."""
    stream.seek(0)
    first = stream.read(min(size, 3))
    stream.seek(0)
    if first.startswith(_UTF16):
        data = stream.read(size)
        text = data.decode("utf-16", "replace").encode("utf-8", "replace")
        yield from ((-1, text[at : at + _BLOCK]) for at in range(0, len(text), _BLOCK))
        return
    offset = max(offset, 3 if first == codecs.BOM_UTF8 else 0)
    stream.seek(offset)
    # At the same places wherever it began: so the same text is cut in the same way.
    while offset < size and (block := stream.read(min(_BLOCK - offset % _BLOCK, size - offset))):
        yield offset, block
        offset += len(block)


def _clean(data: bytes) -> str:
    if b"\x1b" in data:
        data = _TERMINAL.sub(b"", data)
    return data.translate(_CONTROLS).decode("utf-8", "replace")


def _grouped(lines: list[str], first: int, start: Start) -> Iterator[Chunk]:
    begin, characters = 0, 0
    for at, line in enumerate(lines):
        if at > begin and (characters + len(line) > MOST_CHARACTERS or at - begin == MOST_LINES):
            yield from _chunk("\n".join(lines[begin:at]), first + begin, start)
            begin, characters = at, 0
        characters += len(line) + 1
    yield from _chunk("\n".join(lines[begin:]), first + begin, start)


def _chunk(text: str, line: int, start: Start) -> Iterator[Chunk]:
    """One chunk, or several of a single long line; none of lines that are empty."""
    while text and not text.isspace():
        cut = len(text)
        if cut > MOST_CHARACTERS:
            cut = text.rfind(" ", 1, MOST_CHARACTERS) + 1 or MOST_CHARACTERS
        part, text = text[:cut], text[cut:]
        digest = blake2b(f"{line}\n{part}".encode(), digest_size=8).digest()
        yield Chunk(line=line, text=part, digest=digest, start=start)
