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
class Chunk:
    """Some lines without control characters; `line` is the number of the first, from 1.

    `digest` is equal where line and text are.
    """

    line: int
    text: str
    digest: bytes


def is_binary(stream: BinaryIO) -> bool:
    """Whether it looks like no text, judged as git does; leaves the stream at its start."""
    head = stream.read(_HEAD)
    stream.seek(0)
    return b"\0" in head and not head.startswith(_UTF16)


def chunks(stream: BinaryIO, size: int) -> Iterator[Chunk]:
    """The first `size` bytes of a stream at its start. What is not UTF-8 becomes U+FFFD.

    A file that only grew has the same chunks as before, but for the last one.
    """
    line = 1
    for text in _texts(stream, size):
        whole = text.endswith("\n")
        lines = text.split("\n")
        if whole:
            lines.pop()
        yield from _grouped(lines, line)
        line += len(lines) if whole else len(lines) - 1


def blocks(data: bytes, offset: int = 0) -> Iterator[tuple[int, tuple[Chunk, ...]]]:
    """A whole text in memory from an offset on, some chunks at a time, each with the offset after.

    `offset` is 0 or one that was given for the same text. Raises nothing, as `chunks`.
    """
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    line = data.count(b"\n", 0, offset) + 1
    while offset < len(data):
        cut = offset + _BLOCK
        if cut < len(data):
            cut = data.rfind(b"\n", offset, cut) + 1 or data.rfind(b" ", offset, cut) + 1 or cut
        text = _clean(data[offset:cut])
        yield cut, tuple(_grouped(text.removesuffix("\n").split("\n"), line))
        line += text.count("\n")
        offset = cut


def _texts(stream: BinaryIO, size: int) -> Iterator[str]:
    """The text in pieces that end at ends of lines; only a line of more than a block is cut."""
    rest = b""
    for block in _blocks(stream, size):
        rest += block
        cut = rest.rfind(b"\n") + 1
        if not cut and len(rest) < _BLOCK:
            continue
        cut = cut or rest.rfind(b" ") + 1 or len(rest)
        yield _clean(rest[:cut])
        rest = rest[cut:]
    if rest:
        yield _clean(rest)


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    first = stream.read(min(size, 3))
    stream.seek(0)
    if first.startswith(_UTF16):
        data = stream.read(size)
        text = data.decode("utf-16", "replace").encode("utf-8", "replace")
        yield from (text[at : at + _BLOCK] for at in range(0, len(text), _BLOCK))
        return
    left = size - len(stream.read(3)) if first == codecs.BOM_UTF8 else size
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        left -= len(block)
        yield block


def _clean(data: bytes) -> str:
    if b"\x1b" in data:
        data = _TERMINAL.sub(b"", data)
    return data.translate(_CONTROLS).decode("utf-8", "replace")


def _grouped(lines: list[str], first: int) -> Iterator[Chunk]:
    start, characters = 0, 0
    for at, line in enumerate(lines):
        if at > start and (characters + len(line) > MOST_CHARACTERS or at - start == MOST_LINES):
            yield from _chunk("\n".join(lines[start:at]), first + start)
            start, characters = at, 0
        characters += len(line) + 1
    yield from _chunk("\n".join(lines[start:]), first + start)


def _chunk(text: str, line: int) -> Iterator[Chunk]:
    """One chunk, or several of a single long line; none of lines that are empty."""
    while text and not text.isspace():
        cut = len(text)
        if cut > MOST_CHARACTERS:
            cut = text.rfind(" ", 1, MOST_CHARACTERS) + 1 or MOST_CHARACTERS
        part, text = text[:cut], text[cut:]
        digest = blake2b(f"{line}\n{part}".encode(), digest_size=8).digest()
        yield Chunk(line=line, text=part, digest=digest)
