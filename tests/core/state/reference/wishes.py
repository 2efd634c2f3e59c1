"""What the reference model is made of: how keys stand, and what is wished for. Decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from core.state.operations import Json, Kind, Op
from core.state.rules import Merging

Order = tuple[int, int]
LAST = 2**70
FILE = "file"  # the kind of what a file holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file holds."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is wished for; `id` tells parts apart for ever."""

    id: int
    op: Op
    value: Json | Content = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a log; they are read in the order of `order`, then of `id`."""

    order: Order
    id: int
    text: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What an inclusion left."""

    commit: int
    element: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record, also one that is gone: then its value is None."""

    value: Json
    changed: int
    person: int


ABSENT = Field(value=None, changed=0, person=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What a key is. `changed`, `ended` and `person` are the commits that last did so,
    `saw` the `changed` of what the last writer saw."""

    kind: str | None = None
    value: Json | Content = None
    total: Fraction = Fraction(0)
    lines: tuple[Line, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    changed: int = 0
    ended: int = 0
    person: int = 0
    order: Order = (0, 0)
    saw: int = 0

    @property
    def shown(self) -> tuple[object, ...]:
        """What can be seen of it from outside."""
        lines = tuple(line.text for line in sorted(self.lines, key=lambda x: (x.order, x.id)))
        elements = frozenset(stamp.element for stamp in self.stamps)
        fields = {name: one.value for name, one in self.fields.items() if one.value is not None}
        value = fields if self.kind is Kind.RECORD else self.value
        return self.kind, value, self.total, lines, elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """All that one commit wants of one key, and the key as its author saw it."""

    commit: int
    base: int
    order: Order
    person: bool
    parts: tuple[Part, ...]
    seen: Stand
    rule: Merging = Merging.ASK
    settles: bool = False
    blocked: bool = False

    @property
    def keeps(self) -> bool:
        """Whether it only says that what stands shall stand."""
        return not self.parts

    @property
    def clears(self) -> bool:
        return any(part.op is Op.DELETE for part in self.parts)

    @property
    def new(self) -> tuple[Part, ...]:
        """What it wants after its last delete."""
        ends = [at for at, part in enumerate(self.parts) if part.op is Op.DELETE]
        return self.parts[ends[-1] + 1 :] if ends else self.parts

    @property
    def kind(self) -> str | None:
        return kind_of(self.new[-1]) if self.new else None

    @property
    def combines(self) -> bool:
        return not self.clears and self.kind in (Kind.COUNTER, Kind.SET, Kind.LOG, Kind.RECORD)


def kind_of(part: Part) -> str:
    if isinstance(part.value, Content):
        return FILE
    kinds = {Op.ADD: Kind.COUNTER, Op.APPEND: Kind.LOG, Op.PUT: Kind.VALUE, Op.PATCH: Kind.RECORD}
    return kinds.get(part.op, Kind.SET)
