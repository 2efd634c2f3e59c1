"""Texts and files that two sides changed: merged by lines where they can be. Pure; no rules."""

import hashlib
import json
from typing import Any, NamedTuple

from core.errors import BadRequest
from core.state.operations import Json, Kind
from core.state.standing import Contents, Standing
from core.state.text import Clean, Conflicted, is_text, merge_text
from core.state.values import dump, load
from core.state.write import Write


class Lines(NamedTuple):
    """What both sides come to; `body` None: their changes overlap. `content` is a merged file's."""

    body: str | None
    content: bytes | None = None


OVERLAP = Lines(None)


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
        return _text(seen.body, standing.body, wanted)
    return _file(seen.body, standing.body, wanted, contents)


def file_body(content: bytes, *, executable: bool) -> str:
    """The body of a file's version."""
    facts: Json = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "executable": executable,
    }
    return dump(facts)


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


def _text(base: str | None, ours: str, theirs: str) -> Lines | None:
    sides = (None if base is None else text_of(base), text_of(ours), text_of(theirs))
    match merge_text(*sides):
        case Clean(content=content):
            try:
                return Lines(dump(content.decode()))
            except BadRequest:
                # Together they are larger than a text may be.
                return OVERLAP
        case Conflicted():
            return OVERLAP
        case _:
            return None


def _file(base: str | None, ours: str, theirs: str, contents: Contents) -> Lines | None:
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
    match merge_text(before, sides[0] or b"", sides[1] or b""):
        case Clean(content=content):
            return Lines(file_body(content, executable=executable), content)
        case Conflicted():
            return OVERLAP
        case _:
            return None
