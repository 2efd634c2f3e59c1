"""What a job, turn or person wants changed: operations, file changes, deltas. Data only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Op(StrEnum):
    """The operations on entries (DESIGN 4). Names are part of the product."""

    PUT = "put"
    DELETE = "delete"
    ADD = "add"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    APPEND = "append"
    PATCH = "patch"
    TEXT = "text"


class Kind(StrEnum):
    """The kinds of entry. An entry's kind is that of its first operation, or its rule's; FILE is
    that of workspace files alone."""

    VALUE = "value"
    COUNTER = "counter"
    SET = "set"
    LOG = "log"
    RECORD = "record"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One wish for one key. `argument` is JSON; None for delete. A patch is an object of fields
    with their new values, null for a field that goes."""

    key: str
    op: Op
    argument: Json = None


class Stored(NamedTuple):
    """A content that is among the channel's blobs already. `size` is in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One workspace file written (`content` set) or deleted (`content` None).

    `path` is relative, with forward slashes, without "." or ".." parts.
    """

    path: str
    content: bytes | Stored | None
    executable: bool = False


class AuthorKind(StrEnum):
    """Who writes: a person outranks a job where nothing combines."""

    PERSON = "person"
    AGENT = "agent"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a commit. For an agent or a job, `person_id`/`name` is who asked for it."""

    kind: AuthorKind
    person_id: str
    name: str
    job: int | None = None

    def __str__(self) -> str:
        match self.kind:
            case AuthorKind.PERSON:
                return self.name
            case AuthorKind.AGENT:
                return f"agent, asked by {self.name}"
            case AuthorKind.JOB:
                return f"job {self.job}, asked by {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """All that one job, turn or person wants changed, based on the commit `base`.

    `source` identifies it for ever ("job:<id>", "turn:<id>", "press:<id>", "message:<id>"):
    the same source merges once. `about` says in words where it comes from (a job's title).
    """

    source: str
    author: Author
    base: int
    at: float
    about: str
    operations: tuple[Operation, ...] = ()
    files: tuple[FileChange, ...] = ()
