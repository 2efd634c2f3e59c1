"""What a job was shown of its channel, as data: needed to tell drift, and by what is forgotten.
Reads nothing itself."""

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Seen(NamedTuple):
    """One hit of a search. `place` is a message's `seq`, a key, or a path (of a source with its
    name before it), `shown` a digest of the line that was shown."""

    what: Literal["message", "state", "workspace", "source"]
    place: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRead:
    """One key of the state. `commit` wrote the version shown; 0: there was none."""

    key: str
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixRead:
    """The keys that start with `prefix`; `commit` is the newest that was shown, 0: there was none.

    `last` is the last key shown when there were more, None when there were not. `own` are keys of
    which the job's own value was shown.
    """

    prefix: str
    commit: int
    last: str | None = None
    own: tuple[str, ...] = ()

    def shows(self, key: str) -> bool:
        """Whether of a key that starts so the channel's value, or that there is none, was shown."""
        return key not in self.own and (self.last is None or key <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """One workspace file. `commit` wrote the snapshot's version; 0: there was none."""

    path: str
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRead:
    """The names and sizes of all files below a folder: "docs/", or "" for all."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A file whose path or name occurs in a transcript with commands: it may have been read."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRead:
    """A search as of the snapshot, whose newest message is `upto`, with the hits it gave.

    `now` are those of the same search at the job's end; None when it was not made again.
    """

    query: str
    source: str | None
    upto: int
    seen: tuple[Seen, ...]
    now: tuple[Seen, ...] | None = None


Read = KeyRead | PrefixRead | FileRead | FolderRead | Mention | SearchRead


def shows_key(read: Read, key: str) -> bool:
    """Whether the channel's value of a key, or that there is none, was shown."""
    match read:
        case KeyRead():
            return read.key == key
        case PrefixRead():
            return key.startswith(read.prefix) and read.shows(key)
        case SearchRead():
            return any(hit.what == "state" and hit.place == key for hit in read.seen)
        case FileRead() | FolderRead() | Mention():
            return False


def shows_file(read: Read, path: str) -> bool:
    """Whether something of a workspace file was shown, or may have been."""
    match read:
        case FileRead() | Mention():
            return read.path == path
        case FolderRead():
            return path.startswith(read.path)
        case SearchRead():
            return any(hit.what == "workspace" and hit.place == path for hit in read.seen)
        case KeyRead() | PrefixRead():
            return False
