"""Texts and files that two sides changed: merged by lines where they can be. Pure; no rules."""

import hashlib
import json
from typing import Any, NamedTuple, assert_never

from core.errors import BadRequest
from core.state.operations import Kind
from core.state.standing import Contents, Standing
from core.state.text import (
    Clean,
    Conflicted,
    Indivisible,
    Take,
    is_text,
    merge_text,
    resolve,
)
from core.state.values import dump, load
from core.state.write import Write


class Lines(NamedTuple):
    """What both sides come to. `content` is a merged file's.

    `overlap`: their changes overlap. Then `body` is what a person's write makes of it, whose lines
    stand where they do; None where it is the write as it is.
    """

    body: str | None
    content: bytes | None = None
    overlap: bool = False


OVERLAP = Lines(None, overlap=True)


def by_lines(standing: Standing, write: Write, seen: Standing, contents: Contents) -> Lines | None:
    """Merge the write of a text or file into what stands. None: lines have no say, as where one
    is no text."""
    if write.clears or seen is standing:
        return None
    if any(side.kind not in (None, write.kind) for side in (standing, seen)):
        return None
    if standing.cleared > write.base and seen.kind is not None:
        return None
    wanted = write.items[-1].text
    assert wanted is not None
    if standing.kind is None:
        # What it edits is undone, and so it is not there any more.
        edits = seen.body is not None and _texts(write, (seen.body, wanted), contents)
        return OVERLAP if edits else None
    assert standing.body is not None
    if standing.body == seen.body:
        return Lines(wanted)
    if write.kind is Kind.TEXT:
        return _text(seen.body, standing.body, wanted, person=write.person)
    return _file(seen.body, standing.body, wanted, contents, person=write.person)


def file_body(content: bytes, *, executable: bool) -> str:
    """The body of a file's version."""
    return body_of(hashlib.sha256(content).hexdigest(), len(content), executable=executable)


def body_of(sha256: str, size: int, *, executable: bool) -> str:
    """The same, of a content that is known by its hash."""
    return dump({"sha256": sha256, "size": size, "executable": executable})


def hash_of(body: str) -> str:
    """The hash of a file's content, from the body of its version."""
    digest: str = json.loads(body)["sha256"]
    return digest


def text_of(body: str) -> bytes:
    """The text that a body of kind text is."""
    text = load(body)
    assert isinstance(text, str)
    return text.encode()


def _texts(write: Write, bodies: tuple[str, ...], contents: Contents) -> bool:
    if write.kind is Kind.TEXT:
        return all(is_text(text_of(body)) for body in bodies)
    found = [contents.get(hash_of(body)) for body in bodies]
    return all(content is not None and is_text(content) for content in found)


def _text(base: str | None, ours: str, theirs: str, *, person: bool) -> Lines | None:
    before = None if base is None else text_of(base)
    merged = _merged(before, text_of(ours), text_of(theirs), person=person)
    if merged is None or merged.content is None:
        return OVERLAP if merged else None
    try:
        return Lines(dump(merged.content.decode()), None, merged.overlap)
    except BadRequest:
        # Together they are larger than a text may be.
        return OVERLAP


def _merged(base: bytes | None, ours: bytes, theirs: bytes, *, person: bool) -> Lines | None:
    """The content that the sides come to; None where one is no text."""
    match merge_text(base, ours, theirs, located=person):
        case Clean(content=content):
            return Lines(None, content)
        case Conflicted(hunks=hunks) if person:
            content = resolve(base, ours, theirs, [Take.THEIRS] * len(hunks))
            return Lines(None, content, overlap=True)
        case Conflicted():
            return OVERLAP
        case Indivisible():
            return None
        case _ as unreachable:
            assert_never(unreachable)


def _file(
    base: str | None, ours: str, theirs: str, contents: Contents, *, person: bool
) -> Lines | None:
    """The content by lines; the executable bit is a field of its own."""
    nothing: dict[str, Any] = {"sha256": None, "size": 0, "executable": False}
    was = nothing if base is None else json.loads(base)
    now, wanted = json.loads(ours), json.loads(theirs)
    moved = wanted["executable"] != was["executable"]
    executable = (wanted if moved else now)["executable"]
    whole = None
    if now["sha256"] in (was["sha256"], wanted["sha256"]):
        whole = wanted
    elif wanted["sha256"] == was["sha256"]:
        whole = now
    if whole is not None:
        return Lines(dump({**whole, "executable": executable}))
    before = None if base is None else contents.get(was["sha256"])
    sides = contents.get(now["sha256"]), contents.get(wanted["sha256"])
    if None in sides or (before is None and base is not None):
        return None
    merged = _merged(before, sides[0] or b"", sides[1] or b"", person=person)
    if merged is None or merged.content is None:
        return merged
    body = file_body(merged.content, executable=executable)
    return Lines(body, merged.content, merged.overlap)
