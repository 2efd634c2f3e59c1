"""One step of the reference model: what becomes of a wish. Written from docs/merging.md alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from core.state.operations import Json, Kind, Op
from core.state.rules import Merging
from tests.core.state.reference.wishes import (
    ABSENT,
    FILE,
    Content,
    Field,
    Line,
    Part,
    Stamp,
    Stand,
    Wish,
)

NEVER = Stand()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key with what waits in its conflict and what lost, by its commit: of a record only the
    fields that did."""

    stand: Stand = NEVER
    waiting: tuple[Wish, ...] = ()
    lost: Mapping[int, Wish] = field(default_factory=dict)


def step(key: Key, wish: Wish) -> Key:
    """The key after one more wish."""
    fields = wish.combines and wish.kind is Kind.RECORD and not _ended(key.stand, wish)
    if fields and key.stand.kind in (None, Kind.RECORD):
        return _by_fields(key, wish)
    stands, lost = _decide(key.stand, wish)
    waiting, losers = key.waiting, dict(key.lost)
    if stands is None and lost is None:
        waiting = _joined(waiting, wish)
    elif wish.settles:
        losers |= {one.commit: one for one in waiting}
        waiting = ()
    if lost is not None:
        losers[lost] = wish
    after = key.stand if stands is None else stands
    if wish.keeps:
        asked = {name for one in key.waiting for name in _asked(one)}
        kept = {
            name: replace(after.fields.get(name, ABSENT), changed=wish.commit, person=wish.commit)
            for name in asked
        }
        after = replace(after, fields={**after.fields, **kept})
    waiting = tuple(one for one in waiting if not _equal(one, after))
    return Key(stand=after, waiting=waiting, lost=losers)


def _ended(now: Stand, wish: Wish) -> bool:
    """Whether what the author knew was deleted meanwhile."""
    return now.ended > wish.base and wish.seen.kind is not None


def _by_fields(key: Key, wish: Wish) -> Key:
    """Each field of a patch is decided alone; those that clash wait together."""
    lands: dict[str, Json] = {}
    waits: dict[str, Json] = {}
    outranked: dict[str, Json] = {}
    for name, wanted in patched(wish).items():
        now = key.stand.fields.get(name, ABSENT)
        saw_field = wish.seen.fields.get(name, ABSENT).value
        if not wish.person and wanted in (saw_field, now.value):
            continue
        as_seen = now.changed <= wish.base or now.value is saw_field is None
        outranks = wish.person and now.person <= wish.base
        if as_seen or outranks or wanted == now.value:
            lands[name] = wanted
        elif now.person > wish.base and not wish.person:
            outranked[name] = wanted
        else:
            waits[name] = wanted
    after = _landed(key.stand, wish, lands)
    waiting, losers = key.waiting, dict(key.lost)
    if waits or outranked:
        part = Part(id=wish.new[0].id, op=Op.PATCH, value={**waits, **outranked})
        losers[wish.commit] = replace(wish, parts=(part,))
    if waits:
        waiting = _joined(waiting, losers.pop(wish.commit))
    elif wish.settles:
        losers |= {one.commit: one for one in waiting}
        waiting = ()
    waiting = tuple(one for one in waiting if not _equal(one, after))
    return Key(stand=after, waiting=waiting, lost=losers)


def _asked(wish: Wish) -> set[str]:
    return set(patched(wish)) if wish.kind is Kind.RECORD else set()


def _landed(now: Stand, wish: Wish, lands: Mapping[str, Json]) -> Stand:
    if not lands:
        return now
    person = wish.commit if wish.person else 0
    new = {
        name: Field(
            value=value,
            changed=wish.commit,
            person=person or now.fields.get(name, ABSENT).person,
        )
        for name, value in lands.items()
    }
    done = replace(now, kind=Kind.RECORD, changed=wish.commit, person=person or now.person)
    return replace(done, order=wish.order, fields={**now.fields, **new})


def patched(wish: Wish) -> dict[str, Json]:
    """All fields that a wish names, with the last word on each."""
    fields: dict[str, Json] = {}
    for part in wish.new:
        assert isinstance(part.value, dict)
        fields |= part.value
    return fields


def _decide(now: Stand, wish: Wish) -> tuple[Stand | None, int | None]:
    """The standing after it (None: as it was), and the commit that lost."""
    if wish.blocked:
        return None, None
    if wish.keeps:
        return replace(now, changed=wish.commit, person=wish.commit, order=wish.order), None
    if wish.combines:
        if now.kind in (None, wish.kind) and not _ended(now, wish):
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
    if wish.kind is Kind.RECORD and wish.combines and now.kind is Kind.RECORD:
        there = {name: now.fields.get(name, ABSENT).value for name in patched(wish)}
        return there == patched(wish)
    if wish.combines:
        return False
    if wish.kind is None:
        return now.kind is None
    whole = wish.kind in (Kind.VALUE, FILE)
    return whole and now.kind is wish.kind and now.value == wish.new[-1].value


def _joined(waiting: tuple[Wish, ...], wish: Wish) -> tuple[Wish, ...]:
    return waiting if any(_alike(one, wish) for one in waiting) else (*waiting, wish)


def _alike(one: Wish, other: Wish) -> bool:
    """Whether it makes no difference which of two that wait is taken."""
    if one.kind == other.kind == Kind.RECORD and one.combines and other.combines:
        return patched(one) == patched(other)
    whole = not one.combines and one.kind in (None, Kind.VALUE, FILE)
    ends = [[part.value for part in wish.new[-1:]] for wish in (one, other)]
    return whole and one.kind == other.kind and ends[0] == ends[1]


def _repeats(wish: Wish) -> bool:
    """Whether it only puts, or leaves absent, what its author saw."""
    return _equal(wish, wish.seen)


def applied(now: Stand, wish: Wish) -> Stand:
    """The standing with the wish done, whatever else may be."""
    if wish.clears or wish.kind in (Kind.VALUE, FILE):
        ended = wish.commit if wish.clears else now.ended
        now = Stand(ended=ended, person=now.person)
    if wish.kind is Kind.RECORD:
        return _landed(now, wish, patched(wish))
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
