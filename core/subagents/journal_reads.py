"""What a job was shown, as rows of its file and back. Decides nothing."""

import json
from collections.abc import Sequence
from typing import Any, assert_never

from core.state.database import Transaction
from core.state.reads import (
    FileRead,
    FolderRead,
    KeyRead,
    Mention,
    PrefixRead,
    Read,
    SearchRead,
    Seen,
)

_Row = tuple[str, str, int, str]
_NO_DETAIL = "null"


def add_reads(tx: Transaction, step: int, reads: Sequence[Read]) -> None:
    """Keep what a step was shown."""
    tx.executemany(
        "INSERT INTO reads VALUES (?, ?, ?, ?, ?)", ((step, *_row(one)) for one in reads)
    )


def read_reads(tx: Transaction) -> tuple[Read, ...]:
    """All that the job was shown so far, each thing once, in no order."""
    rows = tx.execute("SELECT DISTINCT kind, name, commit_no, detail FROM reads")
    return tuple(_read(*row) for row in rows)


def _row(read: Read) -> _Row:
    match read:
        case KeyRead():
            return "key", read.key, read.commit, _NO_DETAIL
        case PrefixRead():
            return "prefix", read.prefix, read.commit, json.dumps([read.last, read.own])
        case FileRead():
            return "file", read.path, read.commit, _NO_DETAIL
        case FolderRead():
            return "folder", read.path, 0, _NO_DETAIL
        case SearchRead():
            return "search", read.query, 0, json.dumps([read.source, read.upto, read.seen])
        case Mention():
            raise AssertionError("what is mentioned is found at the end, in the steps")
        case _ as unreachable:
            assert_never(unreachable)


def _read(kind: str, name: str, commit: int, detail: str) -> Read:
    match kind:
        case "key":
            return KeyRead(key=name, commit=commit)
        case "prefix":
            last, own = _loaded(detail)
            return PrefixRead(prefix=name, commit=commit, last=last, own=tuple(own))
        case "file":
            return FileRead(path=name, commit=commit)
        case "folder":
            return FolderRead(path=name)
        case "search":
            source, upto, hits = _loaded(detail)
            seen = tuple(Seen(*hit) for hit in hits)
            return SearchRead(query=name, source=source, upto=upto, seen=seen)
        case _:
            raise ValueError(f"a job reads no {kind}")


def _loaded(detail: str) -> Any:
    return json.loads(detail)
