"""One step of the reference model: what becomes of a wish. Written from docs/merging.md alone."""

from dataclasses import dataclass, replace
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
class Stand:
    """What a key is. `changed`, `ended` and `person` are the commits that last did so,
    `saw` the `changed` of what the last writer saw."""

    kind: str | None = None
    value: Json | Content = None
    total: Fraction = Fraction(0)
    lines: tuple[Line, ...] = ()
    stamps: tuple[Stamp, ...] = ()
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
        return self.kind, self.value, self.total, lines, elements


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
        return not self.clears and self.kind in (Kind.COUNTER, Kind.SET, Kind.LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key with the commits that wait in its conflict and those that lost."""

    stand: Stand = Stand()
    waiting: tuple[Wish, ...] = ()
    lost: frozenset[int] = frozenset()


def kind_of(part: Part) -> str:
    if isinstance(part.value, Content):
        return FILE
    kinds = {Op.ADD: Kind.COUNTER, Op.APPEND: Kind.LOG, Op.PUT: Kind.VALUE}
    return kinds.get(part.op, Kind.SET)


def step(key: Key, wish: Wish) -> Key:
    """The key after one more wish."""
    stands, lost = _decide(key.stand, wish)
    waiting, losers = key.waiting, set(key.lost)
    if stands is None and lost is None:
        waiting = waiting if any(_alike(one, wish) for one in waiting) else (*waiting, wish)
    elif wish.settles:
        losers |= {one.commit for one in waiting}
        waiting = ()
    if lost is not None:
        losers.add(lost)
    after = key.stand if stands is None else stands
    waiting = tuple(one for one in waiting if not _equal(one, after))
    return Key(stand=after, waiting=waiting, lost=frozenset(losers))


def _decide(now: Stand, wish: Wish) -> tuple[Stand | None, int | None]:
    """The standing after it (None: as it was), and the commit that lost."""
    if wish.blocked:
        return None, None
    if wish.keeps:
        return replace(now, changed=wish.commit, person=wish.commit, order=wish.order), None
    if wish.combines:
        deleted = now.ended > wish.base and wish.seen.kind is not None
        if now.kind in (None, wish.kind) and not deleted:
            return applied(now, wish), None
        return _clash(now, wish)
    if not wish.person and _repeats(wish):
        return now, None
    if wish.kind == FILE and _by_lines(now, wish):
        merged = _merged(now, wish) if now.kind else None
        return (merged, None) if merged else _clash(now, wish)
    if _equal(wish, now):
        if wish.person:
            return applied(now, wish), None
        return replace(now, order=wish.order, saw=saw(wish)) if _preferred(wish, now) else now, None
    if not wish.clears and now.kind not in (None, wish.kind):
        return _clash(now, wish)
    both_absent = now.kind is None and wish.seen.kind is None
    if now.changed <= wish.base or both_absent:
        return applied(now, wish), None
    puts = not wish.clears and wish.kind is now.kind is Kind.VALUE and now.ended <= wish.base
    if puts and wish.rule is not Merging.ASK:
        return _ruled(now, wish)
    return _clash(now, wish)


def _clash(now: Stand, wish: Wish) -> tuple[Stand | None, int | None]:
    if now.person > wish.base and not wish.person:
        return None, wish.commit
    if wish.person and now.person <= wish.base:
        return applied(now, wish), None
    return None, None


def _by_lines(now: Stand, wish: Wish) -> bool:
    """Whether it counts what a file's author changed, and not only since which commit."""
    versions = [stand.value for stand in (now, wish.seen) if stand.kind] + [wish.new[-1].value]
    texts = all(b"\0" not in one.data for one in versions if isinstance(one, Content))
    return len(versions) > 1 and (texts or (now.kind is not None and now.changed > wish.base))


def _merged(now: Stand, wish: Wish) -> Stand | None:
    """A file that both sides wrote; None where they changed the same of it."""
    wanted, have = wish.new[-1].value, now.value
    before = wish.seen.value if wish.seen.kind else Content(data=b"")
    assert isinstance(wanted, Content)
    assert isinstance(have, Content)
    assert isinstance(before, Content)
    if wish.seen.kind and now.ended > wish.base and wanted != have:
        return None
    data = three_way(before.data, have.data, wanted.data)
    if data is None:
        return None
    turned = wanted.executable != before.executable
    merged = Content(data=data, executable=wanted.executable if turned else have.executable)
    if merged == have and not wish.person:
        return now
    return replace(applied(now, wish), value=merged)


def three_way(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The text with the changes of both, None where they meet.

    Enough for texts whose lines are replaced or not, and never two that touch by different hands.
    """
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    rows = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    if len({len(row) for row in rows}) > 1 or b"\0" in base + ours + theirs:
        return None
    merged = [three_way(*lines) for lines in zip(*rows, strict=True)]
    return None if None in merged or len(merged) < 2 else b"".join(line or b"" for line in merged)


def _ruled(now: Stand, wish: Wish) -> tuple[Stand | None, int | None]:
    """Of two puts that saw nothing of each other, what the rule prefers."""
    if wish.rule in (Merging.MAX, Merging.MIN):
        one, other = now.value, wish.new[-1].value
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            return _clash(now, wish)
        better = other > one if wish.rule is Merging.MAX else other < one
    elif wish.rule is Merging.FIRST and now.person > wish.base:
        better = False
    else:
        better = _preferred(wish, now)
    return (applied(now, wish), None) if better else (None, wish.commit)


def _preferred(wish: Wish, now: Stand) -> bool:
    match wish.rule:
        case Merging.LATEST:
            return wish.order > now.order
        case Merging.FIRST:
            if wish.person:
                return True
            return (saw(wish), now.order) > (now.saw, wish.order)
        case _:
            return False


def saw(wish: Wish) -> int:
    """How new what the author saw of the key was."""
    return wish.seen.changed


def _equal(wish: Wish, now: Stand) -> bool:
    """Whether the key is already what a wish that replaces wants."""
    if wish.combines:
        return False
    if wish.kind is None:
        return now.kind is None
    whole = wish.kind in (Kind.VALUE, FILE)
    return whole and now.kind is wish.kind and now.value == wish.new[-1].value


def _alike(one: Wish, other: Wish) -> bool:
    """Whether it makes no difference which of two that wait is taken."""
    whole = not one.combines and one.kind in (None, Kind.VALUE, FILE)
    ends = [[part.value for part in wish.new[-1:]] for wish in (one, other)]
    return whole and one.kind == other.kind and ends[0] == ends[1]


def _repeats(wish: Wish) -> bool:
    """Whether it only puts, or leaves absent, what its author saw."""
    return _equal(wish, wish.seen)


def applied(now: Stand, wish: Wish) -> Stand:
    """The standing with the wish done, whatever else may be."""
    if wish.clears or wish.kind in (Kind.VALUE, FILE):
        ended = wish.commit if wish.clears and now.kind else now.ended
        now = Stand(ended=ended, person=now.person)
    marks = replace(
        now,
        kind=wish.kind,
        changed=wish.commit,
        order=wish.order,
        saw=saw(wish),
        person=wish.commit if wish.person else now.person,
    )
    for part in wish.new:
        marks = _done(marks, part, wish)
    return marks


def _done(now: Stand, part: Part, wish: Wish) -> Stand:
    match part.op:
        case Op.ADD:
            return replace(now, total=now.total + Fraction(str(part.value)))
        case Op.APPEND:
            assert not isinstance(part.value, Content)
            line = Line(order=wish.order, id=part.id, text=part.value)
            return replace(now, lines=(*now.lines, line))
        case Op.INCLUDE:
            assert not isinstance(part.value, Content)
            stamp = Stamp(commit=wish.commit, element=part.value)
            return replace(now, stamps=(*now.stamps, stamp))
        case Op.EXCLUDE:
            knew = (*range(wish.base + 1), wish.commit)
            alive = [s for s in now.stamps if s.element != part.value or s.commit not in knew]
            return replace(now, stamps=tuple(alive))
        case _:
            return replace(now, value=part.value)
