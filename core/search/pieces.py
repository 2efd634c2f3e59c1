"""What of a folder's files has to be indexed anew: walks, reads and compares. Knows no database."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from core.search.folder import Enter, Entry, entry_of, open_file, survey, unreadable
from core.search.reading import Chunk, chunks, is_binary

# One batch is indexed in one transaction: some 100 ms of work.
_BATCH_CHARACTERS = 2_000_000
_BATCH_PIECES = 500
_PIECE_CHUNKS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of one file's new text.

    The first piece of a file says in `keep` how many of its old chunks stay, the others None;
    with the last piece the file is `whole`.
    """

    entry: Entry
    chunks: tuple[Chunk, ...]
    keep: int | None
    whole: bool


Batch = tuple[Piece, ...]


def found(root: Path, start: str, enter: Enter) -> dict[str, Entry]:
    """The files at and below `start` by path. Raises OSError if the root cannot be read."""
    return {entry.path: entry for entry in survey(root, start, enter)}


def batches(
    root: Path, entries: Sequence[Entry], old: Mapping[str, tuple[bytes, ...]]
) -> Iterator[Batch]:
    """The new text of files, read as it is asked for; `old` has the digests of indexed chunks."""
    batch: list[Piece] = []
    characters = 0
    for entry in entries:
        for piece in _pieces(root, entry, old.get(entry.path, ())):
            batch.append(piece)
            characters += sum(len(chunk.text) for chunk in piece.chunks)
            if characters >= _BATCH_CHARACTERS or len(batch) >= _BATCH_PIECES:
                yield tuple(batch)
                batch, characters = [], 0
    if batch:
        yield tuple(batch)


def _pieces(root: Path, entry: Entry, old: tuple[bytes, ...]) -> Iterator[Piece]:
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
            yield from _text(entry, stream, entry.stamp.size, old)
    except OSError as error:
        yield _without_text(unreadable(entry.path, error))


def _without_text(entry: Entry) -> Piece:
    return Piece(entry=entry, chunks=(), keep=0, whole=True)


def _text(entry: Entry, stream: BinaryIO, size: int, old: tuple[bytes, ...]) -> Iterator[Piece]:
    """Leave out the chunks that the file began with before: a log mostly grows at its end."""
    keep: int | None = 0
    new = chunks(stream, size)
    for chunk in new:
        if keep == len(old) or chunk.digest != old[keep or 0]:
            new = chain((chunk,), new)
            break
        keep = (keep or 0) + 1
    group = tuple(islice(new, _PIECE_CHUNKS))
    while group or keep is not None:
        after = tuple(islice(new, _PIECE_CHUNKS))
        yield Piece(entry=entry, chunks=group, keep=keep, whole=not after)
        group, keep = after, None
