"""What of a folder's files has to be indexed anew: walks, reads and compares. Knows no database."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from core.search.folder import Enter, Entry, Stamp, entry_of, open_file, survey, unreadable
from core.search.reading import BEGINNING, Chunk, Start, chunks, is_binary

# One batch is indexed in one transaction: some 100 ms of work.
_BATCH_CHARACTERS = 2_000_000
_BATCH_PIECES = 500
_PIECE_CHUNKS = 400
# Comparing a smaller file whole takes less than 20 ms.
_LARGE = 4_000_000
_SAMPLES, _SAMPLE = 64, 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a large file ended when it was indexed: there reading begins when it has only grown.

    `chunks` stand before `start`; `samples` is of what the file held in 64 places.
    """

    stamp: Stamp
    start: Start
    chunks: int
    samples: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of one file's new text.

    The first piece of a file says in `keep` how many of its old chunks stay, the others None;
    with the last piece the file is `whole`, and a large one has its `end`.
    """

    entry: Entry
    chunks: tuple[Chunk, ...]
    keep: int | None
    whole: bool
    end: End | None = None


Batch = tuple[Piece, ...]


def found(root: Path, start: str, enter: Enter) -> dict[str, Entry]:
    """The files at and below `start` by path. Raises OSError if the root cannot be read."""
    return {entry.path: entry for entry in survey(root, start, enter)}


def grown(root: Path, entry: Entry, end: End) -> bool:
    """Whether a file is the one that ended so, with something more at its end.

    Most of it is not read: what was overwritten in place between the samples goes unnoticed.
    """
    stamp = entry.stamp
    if stamp is None or stamp.inode != end.stamp.inode or stamp.size <= end.stamp.size:
        return False
    try:
        with os.fdopen(open_file(root, entry.path), "rb") as stream:
            return _samples(stream, end.stamp.size) == end.samples
    except OSError:
        return False


def batches(
    root: Path,
    entries: Sequence[Entry],
    old: Mapping[str, tuple[bytes, ...]],
    ends: Mapping[str, End],
) -> Iterator[Batch]:
    """The new text of files, read as it is asked for; `old` has the digests of indexed chunks, of
    files that have `grown` since their `ends` those from there on."""
    batch: list[Piece] = []
    characters = 0
    for entry in entries:
        for piece in _pieces(root, entry, old.get(entry.path, ()), ends.get(entry.path)):
            batch.append(piece)
            characters += sum(len(chunk.text) for chunk in piece.chunks)
            if characters >= _BATCH_CHARACTERS or len(batch) >= _BATCH_PIECES:
                yield tuple(batch)
                batch, characters = [], 0
    if batch:
        yield tuple(batch)


def _pieces(root: Path, entry: Entry, old: tuple[bytes, ...], end: End | None) -> Iterator[Piece]:
    if entry.skipped is not None:
        yield _without_text(entry)
        return
    try:
        with os.fdopen(open_file(root, entry.path), "rb") as stream:
            # The stamp is of the very file that is read, and older than its text.
            entry = entry_of(entry.path, os.fstat(stream.fileno()))
            if entry.skipped is None and is_binary(stream):
                entry = replace(entry, skipped="is not text")
            if entry.skipped is not None or entry.stamp is None:
                yield _without_text(entry)
                return
            yield from _text(entry, stream, entry.stamp, old, end)
    except OSError as error:
        yield _without_text(unreadable(entry.path, error))


def _without_text(entry: Entry) -> Piece:
    return Piece(entry=entry, chunks=(), keep=0, whole=True)


def _text(
    entry: Entry, stream: BinaryIO, stamp: Stamp, old: tuple[bytes, ...], end: End | None
) -> Iterator[Piece]:
    """Leave out the chunks that the file began with before: a log mostly grows at its end."""
    before, start = (end.chunks, end.start) if end else (0, BEGINNING)
    reading = _Reading(chunks(stream, stamp.size, start), before)
    new: Iterator[Chunk] = iter(reading)
    same = before
    for chunk in new:
        if same - before == len(old) or chunk.digest != old[same - before]:
            new = chain((chunk,), new)
            break
        same += 1
    keep: int | None = same
    group = tuple(islice(new, _PIECE_CHUNKS))
    while group or keep is not None:
        after = tuple(islice(new, _PIECE_CHUNKS))
        ended = None if after or stamp.size < _LARGE else reading.end(stream, stamp)
        yield Piece(entry=entry, chunks=group, keep=keep, whole=not after, end=ended)
        group, keep = after, None


class _Reading:
    """Chunks as they are read, after so many before them; knows where the last text of them is."""

    def __init__(self, read: Iterator[Chunk], before: int) -> None:
        self._read = read
        self._start = BEGINNING
        self._before = self._count = before

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._read:
            if chunk.start != self._start:
                self._start, self._before = chunk.start, self._count
            self._count += 1
            yield chunk

    def end(self, stream: BinaryIO, stamp: Stamp) -> End:
        samples = _samples(stream, stamp.size)
        return End(stamp=stamp, start=self._start, chunks=self._before, samples=samples)


def _samples(stream: BinaryIO, size: int) -> bytes:
    """What stands in places all over the first `size` bytes, as a digest."""
    digest = blake2b(digest_size=16)
    for n in range(_SAMPLES):
        stream.seek((size - _SAMPLE) * n // (_SAMPLES - 1))
        digest.update(stream.read(_SAMPLE))
    return digest.digest()
