"""What a version in a conflict would make of its key, as operations of whoever takes it. Decides
nothing and writes nothing."""

from collections.abc import Sequence

from core.errors import BadRequest
from core.state import files, text
from core.state.by_lines import text_of
from core.state.conflicts import Place
from core.state.database import Transaction
from core.state.entries import Entry, overlay, read_entry
from core.state.facts import head, standing_at
from core.state.operations import FileChange, Json, Kind, Op, Operation
from core.state.record import plain, wishes
from core.state.standing import Standing
from core.state.text import Clean, Conflicted, Take, merge_text
from core.state.values import load
from core.state.write import Item, Write

_ALL = 10**9


def kept(tx: Transaction, place: Place, waiting: Sequence[Write]) -> tuple[Operation, ...]:
    """What stands, as the person's own: so it stays when whoever wrote it first is undone. Of a
    record it is the fields that `waiting` writes would change."""
    now = standing_at(tx, place.entry, head(tx))
    match now.kind:
        case Kind.VALUE:
            return (Operation(key=place.key, op=Op.PUT, argument=load(now.body or "null")),)
        case Kind.TEXT:
            return (Operation(key=place.key, op=Op.TEXT, argument=load(now.body or "null")),)
        case Kind.RECORD:
            fields = plain(now.body)
            patches = [wishes(write) for write in waiting if write.kind is Kind.RECORD]
            names = dict.fromkeys(name for patch in patches for name in patch)
            same: dict[str, Json] = {name: fields.get(name) for name in names}
            return (Operation(key=place.key, op=Op.PATCH, argument=same),) if same else ()
        case _:
            return ()


def taken(tx: Transaction, place: Place, lost: Write) -> tuple[Operation | FileChange, ...]:
    """What a write that lost wanted. Of a text only where it overlaps with what stands: what else
    was changed meanwhile stays. Raises BadRequest for a file that cannot stand where it would."""
    key, now = place.key, standing_at(tx, place.entry, head(tx))
    if lost.kind is None:
        return (FileChange(path=key, content=None),) if place.space == "file" else (_gone(key),)
    if lost.kind is Kind.FILE:
        return (_file(tx, place, now, lost, Take.THEIRS),)
    if lost.kind is Kind.TEXT:
        return (_text(tx, place, now, lost, Take.THEIRS),)
    if lost.kind is Kind.VALUE:
        return (Operation(key=key, op=Op.PUT, argument=load(lost.value or "null")),)
    operations = [_operation(key, item) for item in lost.items]
    seen = None if lost.clears else read_entry(tx, key, lost.base, _ALL)
    # Of a record other fields may have landed, also in one begun anew that the author knew not of.
    anew = now.cleared > lost.base and (seen is not None or lost.kind is not Kind.RECORD)
    if now.kind is lost.kind and not lost.clears and not anew:
        return tuple(operations)
    if seen is not None and seen.kind is not lost.kind:
        seen = None
    return (_gone(key), *_anew(overlay(seen, operations)))


def both(tx: Transaction, place: Place, lost: Write) -> Operation | FileChange | None:
    """A text with both sides where they overlap; None where that makes no sense."""
    now = standing_at(tx, place.entry, head(tx))
    sides = sides_of(tx, place, now, lost)
    if sides is None or not isinstance(merge_text(*sides), Conflicted):
        return None
    if lost.kind is Kind.FILE:
        return _file(tx, place, now, lost, Take.BOTH)
    return _text(tx, place, now, lost, Take.BOTH)


def taken_content(tx: Transaction, place: Place, now: Standing, lost: Write) -> bytes:
    """What a text or file would be if the write were taken."""
    merged = _merged(tx, place, now, lost, Take.THEIRS)
    if merged is not None:
        return merged
    body = lost.items[-1].text or ""
    if lost.kind is Kind.TEXT:
        return text_of(body)
    return b"".join(files.read_pieces(tx, files.state_file(place.key, body, lost.commit)))


def _gone(key: str) -> Operation:
    return Operation(key=key, op=Op.DELETE)


def _text(tx: Transaction, place: Place, now: Standing, lost: Write, take: Take) -> Operation:
    merged = _merged(tx, place, now, lost, take)
    content = taken_content(tx, place, now, lost) if merged is None else merged
    return Operation(key=place.key, op=Op.TEXT, argument=content.decode())


def _file(tx: Transaction, place: Place, now: Standing, lost: Write, take: Take) -> FileChange:
    way = files.in_the_way(tx, place.key)
    if way:
        first = min(way)
        raise BadRequest(
            f"{place.key} cannot stand beside {first}: delete that first, /unset {first}"
        )
    file = files.state_file(place.key, lost.items[-1].text or "", lost.commit)
    merged = _merged(tx, place, now, lost, take)
    content = taken_content(tx, place, now, lost) if merged is None else merged
    return FileChange(path=place.key, content=content, executable=file.executable)


def _merged(tx: Transaction, place: Place, now: Standing, lost: Write, take: Take) -> bytes | None:
    """The text with this choice in each place where the sides overlap; None: it is no text."""
    sides = sides_of(tx, place, now, lost)
    match None if sides is None else merge_text(*sides):
        case Clean(content=content):
            return content
        case Conflicted(hunks=hunks):
            assert sides is not None
            return text.resolve(*sides, [take] * len(hunks))
        case _:
            return None


def sides_of(
    tx: Transaction, place: Place, now: Standing, lost: Write
) -> tuple[bytes | None, bytes, bytes] | None:
    """The text as its author saw it, as it stands, and as it is wanted; None where there are no
    such sides."""
    seen = standing_at(tx, place.entry, lost.base)
    if lost.kind not in (Kind.TEXT, Kind.FILE) or now.kind is not lost.kind:
        return None
    bodies = [seen.body if seen.kind is lost.kind else None, now.body, lost.items[-1].text]
    if lost.kind is Kind.TEXT:
        found = [None if body is None else text_of(body) for body in bodies]
    else:
        found = [None if body is None else _content(tx, place.key, body) for body in bodies]
    base, ours, theirs = found
    if ours is None or theirs is None:
        return None
    return base, ours, theirs


def _content(tx: Transaction, path: str, body: str) -> bytes | None:
    file = files.state_file(path, body, 0)
    if file.size > text.LARGEST_TEXT:
        return None
    return b"".join(files.read_pieces(tx, file))


def _operation(key: str, item: Item) -> Operation:
    argument = load(item.text or "null")
    match Op(item.op):
        case Op.PATCH:
            assert isinstance(argument, list)
            name, value = argument
            return Operation(key=key, op=Op.PATCH, argument={str(name): value})
        case Op.ADD:
            return Operation(key=key, op=Op.ADD, argument=argument)
        case op:
            return Operation(key=key, op=op, argument=[argument])


def _anew(entry: Entry | None) -> tuple[Operation, ...]:
    """Operations that make the entry from nothing."""
    if entry is None or entry.value in ([], {}):
        return ()
    ops = {
        Kind.COUNTER: Op.ADD, Kind.SET: Op.INCLUDE, Kind.LOG: Op.APPEND, Kind.RECORD: Op.PATCH,
    }  # fmt: skip
    return (Operation(key=entry.key, op=ops[entry.kind], argument=entry.value),)
