"""A key as it stands, and what is known and decided of it. Data only; merge decides."""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import NamedTuple

from core.state.operations import Kind
from core.state.write import Write


class Merging(StrEnum):
    """What happens to a value that others changed meanwhile."""

    ASK = "ask"
    LATEST = "latest"
    FIRST = "first"
    MAX = "max"
    MIN = "min"
    PROPOSE = "propose"
    TOGETHER = "together"


class Verdict(Enum):
    """What became of a write."""

    APPLIED = auto()
    SAME = auto()  # it wanted what is there, or changed nothing of what its author saw
    CANDIDATE = auto()  # it waits in the key's conflict
    OUTRANKED = auto()  # a person wrote meanwhile
    BEATEN = auto()  # the key's rule prefers what stands


LOST = (Verdict.CANDIDATE, Verdict.OUTRANKED, Verdict.BEATEN)


class Standing(NamedTuple):
    """A key as it stands; the columns of `versions`. The default is a key never written.

    `saw` is the last change that the author of a value saw, 0: none. It is needed by `first`.
    """

    kind: Kind | None = None
    body: str | None = None
    changed: int = 0
    born: int = 0
    cleared: int = 0
    person: int = 0
    order: tuple[int, int] = (0, 0)  # of a value; where writes combine none comes first
    saw: int = 0


NOTHING = Standing()


class Stamp(NamedTuple):
    """One inclusion in a set: the operation that made it and its commit."""

    operation: int
    commit: int


Stamps = Mapping[str, tuple[Stamp, ...]]
NO_STAMPS: Stamps = MappingProxyType({})

Contents = Mapping[str, bytes]
"""Contents of files by their hash."""
NO_CONTENTS: Contents = MappingProxyType({})


class Ruling(NamedTuple):
    """How one field of a record merges, and what it is by a rule."""

    merging: Merging = Merging.ASK
    kind: Kind | None = None


Fields = Mapping[str, Ruling]
NO_FIELDS: Fields = MappingProxyType({})


class Facts(NamedTuple):
    """What is known of a key before a write.

    `candidates` are the writes in its open conflict, `stamps` the living ones of the elements
    that the write names, `last_line` the place of the log's last line. `contents` has those of
    files, where they can be texts: as it stands, as the write's author saw it and wants it.
    """

    standing: Standing = NOTHING
    candidates: tuple[Write, ...] = ()
    stamps: Stamps = NO_STAMPS
    last_line: tuple[int, int] | None = None
    contents: Contents = NO_CONTENTS


NO_FACTS = Facts()


class Step(NamedTuple):
    """What one write does to one key.

    `adds` are operations that become lines or stamps, `drops` stamps (element, operation) that
    end; `wipes`: all former lines and stamps end. `above`: lines went in above others. `lost` is
    the part of the write that lost: of a record only some of its fields. `content` is that of a
    merged file. `merged`: it went in beside what others changed of the same text meanwhile.
    """

    verdict: Verdict
    standing: Standing
    candidates: tuple[Write, ...]
    adds: tuple[int, ...] = ()
    drops: tuple[tuple[str, int], ...] = ()
    wipes: bool = False
    above: bool = False
    lost: Write | None = None
    content: bytes | None = None
    merged: bool = False


class Case(NamedTuple):
    """One key of a delta with all that its decision needs. Cases of one `group` are decided
    together."""

    key: str
    write: Write
    facts: Facts
    seen: Standing
    merging: Merging
    fields: Fields = NO_FIELDS
    group: str | None = None
