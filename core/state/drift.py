"""What a job's result was based on and has changed since: pure. Reads nothing, see `since`."""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from core.state.facts import Space
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
from core.state.receipts import counted, shown
from core.state.standing import Standing

MOST_NOTES = 20
_MOST_NAMES = 5
_LONGEST_NAME = 80


class Change(NamedTuple):
    """A key or file that is not as the job saw it. `by` made it what it is now, in words."""

    space: Space
    key: str
    before: Standing
    after: Standing
    by: str


def drift(reads: Iterable[Read], changes: Iterable[Change]) -> tuple[str, ...]:
    """A plain line for each thing that was read and is not as it was, at most MOST_NOTES.

    `changes` are all keys and files among what was read that differ now from the job's base;
    others do no harm.
    """
    sorted_reads = sorted(reads, key=_rank)
    keys = {change.key: change for change in changes if change.space == "entry"}
    files = {change.key: change for change in changes if change.space == "file"}
    notes = dict.fromkeys(_notes(sorted_reads, keys, files))
    if len(notes) <= MOST_NOTES:
        return tuple(notes)
    left = len(notes) - MOST_NOTES + 1
    return (*tuple(notes)[: MOST_NOTES - 1], f"and {left:,} more things that it read have changed")


# What is certain and exact comes first: the last lines may be cut.
_RANKS = (KeyRead, PrefixRead, FileRead, FolderRead, SearchRead, Mention)


def _rank(read: Read) -> int:
    return _RANKS.index(type(read))


def _notes(
    reads: Sequence[Read], keys: Mapping[str, Change], files: Mapping[str, Change]
) -> Iterator[str]:
    key_order, file_order = sorted(keys), sorted(files)
    known = {read.path for read in reads if isinstance(read, FileRead)}
    for read in reads:
        match read:
            case KeyRead(key=key) if key in keys:
                yield _of_key(keys[key])
            case PrefixRead():
                below = (keys[key] for key in _below(key_order, read.prefix))
                yield from _of_prefix(read, [one for one in below if read.shows(one.key)])
            case FileRead(path=path) if path in files:
                yield _of_file(files[path], "based on")
            case FolderRead():
                yield from _of_folder(read, [files[path] for path in _below(file_order, read.path)])
            case SearchRead(now=tuple()):
                yield from _of_search(read)
            case Mention(path=path) if path in files and path not in known:
                yield _of_file(files[path], "possibly based on")
            case _:
                pass


def _below(names: Sequence[str], prefix: str) -> Sequence[str]:
    """Those of sorted names that start with the prefix."""
    return names[bisect_left(names, prefix) : bisect_left(names, prefix + chr(0x10FFFF))]


def _of_key(change: Change) -> str:
    name = _name(change.key)
    if change.before.kind is None:
        return f"based on there being no {name}, now {_value(change.after)} (set by {change.by})"
    if change.after.kind is None:
        return f"based on {name} = {_value(change.before)}, now gone (deleted by {change.by})"
    before, after = _value(change.before), _value(change.after)
    if before == after:
        after = "others" if change.after.kind in ("set", "log") else "another one"
    return f"based on {name} = {before}, now {after} (set by {change.by})"


def _of_prefix(read: PrefixRead, changes: Sequence[Change]) -> Iterator[str]:
    more = [change.key for change in changes if change.before.kind is None]
    if more:
        whose = _name(read.prefix) if read.prefix else "the state"
        yield f"{whose} has {counted(len(more), 'key')} more: {_names(more)}"
    yield from (_of_key(change) for change in changes if change.before.kind is not None)


def _of_file(change: Change, based: str) -> str:
    name = f"file {_name(change.key)}"
    if change.before.kind is None:
        return f"{based} there being no {name}; now there is (by {change.by})"
    what = "deleted" if change.after.kind is None else "changed"
    return f"{based} {name}, which was {what} since (by {change.by})"


def _of_folder(read: FolderRead, changes: Sequence[Change]) -> Iterator[str]:
    more = [one.key for one in changes if one.before.kind is None]
    gone = [one.key for one in changes if one.after.kind is None]
    sized = [
        one.key
        for one in changes
        if one.before.kind and one.after.kind and _size(one.before) != _size(one.after)
    ]
    said = [
        f"{len(names):,} {what} ({_names(names)})"
        for what, names in (("more", more), ("gone", gone), ("of another size", sized))
        if names
    ]
    if said:
        where = _name(read.path) if read.path else "the workspace"
        yield f"the list of files of {where} has changed: {', '.join(said)}"


def _of_search(read: SearchRead) -> Iterator[str]:
    now = read.now or ()
    newer = {hit.place for hit in _messages(now) if int(hit.place) > read.upto}
    said = [f"{counted(len(newer), 'newer message')}"] if newer else []
    others = _others(read.seen, now)
    if others:
        said.append(f"other lines in {_names(others)}")
    if said:
        yield f"the search for {_cut(read.query)!r} would find {' and '.join(said)} now"


def _messages(hits: Iterable[Seen]) -> Iterator[Seen]:
    return (hit for hit in hits if hit.what == "message")


def _others(then: Collection[Seen], now: Collection[Seen]) -> list[str]:
    """Where other lines are found than then. What is only pushed out by new hits is as it was."""
    new = [hit for hit in now if hit.what != "message" and hit not in then]
    gone = [hit for hit in then if hit not in now] if len(now) < len(then) else []
    return list(dict.fromkeys(_place(hit) for hit in (*new, *gone)))


def _place(hit: Seen) -> str:
    return f"message {hit.place}" if hit.what == "message" else hit.place


def _size(standing: Standing) -> object:
    return json.loads(standing.body or "{}").get("size")


def _value(standing: Standing) -> str:
    """A value in a few words: a plain text without the quotes that JSON puts around it."""
    words = shown(standing)
    bare = words[1:-1]
    plain = words.startswith('"') and words.endswith('"') and bare.replace(" ", "").isalpha()
    return bare if plain else words


def _names(names: Sequence[str]) -> str:
    listed = ", ".join(_name(name) for name in names[:_MOST_NAMES])
    return f"{listed} and others" if len(names) > _MOST_NAMES else listed


def _name(name: str) -> str:
    return f"`{_cut(name)}`"


def _cut(text: str) -> str:
    line = " ".join(text[: _LONGEST_NAME + 1].split())
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"
