"""What becomes of a write: the pure decisions of merging. Reads nothing, writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import NamedTuple

from core.state.operations import Kind, Op
from core.state.values import minus, plus, same
from core.state.write import Write


class Merging(StrEnum):
    """What happens to a value that others changed meanwhile."""

    ASK = "ask"
    LATEST = "latest"


class Verdict(Enum):
    """What became of a write."""

    APPLIED = auto()
    SAME = auto()  # it wanted what is there, or changed nothing of what its author saw
    CANDIDATE = auto()  # it waits in the key's conflict
    OUTRANKED = auto()  # a person wrote meanwhile
    EARLIER = auto()  # by the rule `latest` it comes before what stands


LOST = (Verdict.CANDIDATE, Verdict.OUTRANKED, Verdict.EARLIER)


class Standing(NamedTuple):
    """A key as it stands; the columns of `versions`. The default is a key never written."""

    kind: Kind | None = None
    body: str | None = None
    changed: int = 0
    born: int = 0
    cleared: int = 0
    person: int = 0
    order: tuple[int, int] = (0, 0)  # of a value; where writes combine none comes first


NOTHING = Standing()


class Stamp(NamedTuple):
    """One inclusion in a set: the operation that made it and its commit."""

    operation: int
    commit: int


Stamps = Mapping[str, tuple[Stamp, ...]]
NO_STAMPS: Stamps = MappingProxyType({})


class Facts(NamedTuple):
    """What is known of a key before a write.

    `candidates` are the writes in its open conflict, `stamps` the living ones of the elements
    that the write names, `last_line` the place of the log's last line.
    """

    standing: Standing = NOTHING
    candidates: tuple[Write, ...] = ()
    stamps: Stamps = NO_STAMPS
    last_line: tuple[int, int] | None = None


NO_FACTS = Facts()


class Step(NamedTuple):
    """What one write does to one key.

    `adds` are operations that become lines or stamps, `drops` stamps (element, operation) that
    end; `wipes`: all former lines and stamps end. `above`: lines went in above others.
    """

    verdict: Verdict
    standing: Standing
    candidates: tuple[Write, ...]
    adds: tuple[int, ...] = ()
    drops: tuple[tuple[str, int], ...] = ()
    wipes: bool = False
    above: bool = False


def step(facts: Facts, write: Write, seen: Standing, merging: Merging) -> Step:
    """Decide one write. `seen` is the key as the write's author saw it, at the write's base."""
    verdict = _verdict(facts.standing, write, seen, merging)
    before, candidates = facts.standing, facts.candidates
    if verdict is Verdict.CANDIDATE:
        known = any(_alike(write, other) for other in candidates)
        waiting = candidates if known else (*candidates, write)
        return Step(verdict, before, waiting)
    if verdict is not Verdict.APPLIED:
        return Step(verdict, _noted(before, write), () if write.settles else candidates)
    fresh = write.clears or before.kind is not write.kind
    made = _made(facts, write, fresh)
    # By place, as all in the way of each write: with names they take twice the time to make.
    standing = Standing(
        write.kind,
        made.body,
        write.commit,
        write.commit if fresh else before.born,
        write.commit if write.clears else before.cleared,
        write.commit if write.person else before.person,
        write.order if write.kind is Kind.VALUE else (0, 0),
    )
    return Step(
        verdict,
        standing,
        () if write.settles or not candidates else _unequal(candidates, standing),
        made.adds,
        made.drops,
        fresh and before.kind in (Kind.SET, Kind.LOG),
        made.above,
    )


class Case(NamedTuple):
    """One key of a delta with all that its decision needs."""

    key: str
    write: Write
    facts: Facts
    seen: Standing
    merging: Merging


def plan(cases: Iterable[Case]) -> list[tuple[Case, Step]]:
    """Decide a whole delta; keys do not look at each other."""
    return [(case, step(case.facts, case.write, case.seen, case.merging)) for case in cases]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What all writes of a key come to: also which operations are its lines or stamps now."""

    standing: Standing = NOTHING
    candidates: tuple[Write, ...] = ()
    losers: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()
    stamps: Mapping[int, str] = field(default_factory=dict)


class Ground(NamedTuple):
    """What a fold begins with: a key as it was before the writes that are folded, without any
    conflict. `stamps` and `lines` are all that lived then."""

    standing: Standing = NOTHING
    lines: frozenset[int] = frozenset()
    stamps: Stamps = NO_STAMPS


NO_GROUND = Ground()


def fold(cases: Iterable[tuple[Write, Standing, Merging]], ground: Ground = NO_GROUND) -> Folded:
    """Decide writes of a key again, in the order of their commits."""
    standing, candidates = ground.standing, tuple[Write, ...]()
    losers, lines = set[int](), set(ground.lines)
    stamps = dict(ground.stamps)
    for write, seen, merging in cases:
        facts = Facts(standing=standing, candidates=candidates, stamps=stamps)
        done = step(facts, write, seen, merging)
        standing, candidates = done.standing, done.candidates
        if done.wipes:
            lines, stamps = set(), {}
        if done.verdict in LOST:
            losers.add(write.commit)
        if done.verdict is Verdict.APPLIED and write.kind is Kind.LOG:
            lines.update(done.adds)
        if done.verdict is Verdict.APPLIED and write.kind is Kind.SET:
            _restamp(stamps, write, done)
    return Folded(
        standing=standing,
        candidates=candidates,
        losers=frozenset(losers),
        lines=frozenset(lines),
        stamps={stamp.operation: element for element in stamps for stamp in stamps[element]},
    )


def recount(standing: Standing, write: Write, newest: int, *, back: bool) -> Standing:
    """A sum or a log with one combining write put `back`, or taken out; `newest` is the newest
    commit that counts."""
    if standing.kind is Kind.LOG:
        lines = len(write.items) if back else -len(write.items)
        return standing._replace(body=str(int(standing.body or 0) + lines), changed=newest)
    total = standing.body
    for item in write.items:
        total = plus(total, item.text or "0") if back else minus(total, item.text)
    return standing._replace(body=total, changed=newest)


def _restamp(stamps: dict[str, tuple[Stamp, ...]], write: Write, done: Step) -> None:
    adds, drops = set(done.adds), {operation for _, operation in done.drops}
    for element in _elements(write):
        kept = [stamp for stamp in stamps.get(element, ()) if stamp.operation not in drops]
        stamps[element] = tuple(kept)
    for item in write.items:
        if item.id in adds:
            stamps[item.text or ""] += (Stamp(item.id, write.commit),)


def _verdict(standing: Standing, write: Write, seen: Standing, merging: Merging) -> Verdict:
    if write.blocked:
        return Verdict.CANDIDATE
    if write.kind is None and not write.clears:
        return Verdict.SAME
    by_order = merging is Merging.LATEST and write.value is not None
    if _changes_nothing(standing, write, seen, by_order):
        return Verdict.SAME
    deleted_meanwhile = standing.cleared > write.base and seen.kind is not None
    other_kind = standing.kind not in (None, write.kind) and not write.clears
    if write.combines:
        return _clash(standing, write) if other_kind or deleted_meanwhile else Verdict.APPLIED
    if standing.changed <= write.base and not other_kind:
        return Verdict.APPLIED
    if standing.kind is None and not deleted_meanwhile:
        return Verdict.APPLIED
    if by_order and standing.kind is Kind.VALUE:
        return Verdict.APPLIED if write.order > standing.order else Verdict.EARLIER
    return _clash(standing, write)


def _changes_nothing(standing: Standing, write: Write, seen: Standing, by_order: bool) -> bool:
    """The write repeats what its author saw, or wants what stands. A person's word counts anew."""
    if write.person or write.combines:
        return False
    if _is(seen, write):
        return True
    if seen is standing:
        return False
    # By order a later write of the same value counts, so that it can beat one in between.
    return _is(standing, write) and (not by_order or standing.order >= write.order)


def _is(standing: Standing, write: Write) -> bool:
    """Whether the key stands as a write that replaces wants it."""
    if write.kind is None:
        return write.clears and standing.kind is None
    if standing.kind is not Kind.VALUE or write.kind is not Kind.VALUE:
        return False
    return same(standing.body, write.items[-1].text)


def _clash(standing: Standing, write: Write) -> Verdict:
    """Nothing combines: a person outranks jobs and agents; among equals the key stays, and asks."""
    persons = standing.person > write.base
    if write.person:
        return Verdict.CANDIDATE if persons else Verdict.APPLIED
    return Verdict.OUTRANKED if persons else Verdict.CANDIDATE


def _alike(one: Write, other: Write) -> bool:
    """Whether two candidates want the same, so that one of them can stand for both."""
    if one.kind is None or other.kind is None:
        return one.kind is other.kind
    return one.kind is other.kind is Kind.VALUE and same(one.value, other.value)


def _noted(standing: Standing, write: Write) -> Standing:
    """A person who settles a conflict has spoken, also when nothing changes by it."""
    if write.person and write.settles:
        return standing._replace(person=write.commit)
    return standing


def _unequal(candidates: tuple[Write, ...], standing: Standing) -> tuple[Write, ...]:
    """A candidate that wants what stands now waits for nothing."""
    return tuple(write for write in candidates if not _is(standing, write))


@dataclass(slots=True)
class _Made:
    """What an applied write makes of a key: the body, and rows that come and go."""

    body: str | None = None
    adds: tuple[int, ...] = ()
    drops: tuple[tuple[str, int], ...] = ()
    above: bool = False


def _made(facts: Facts, write: Write, fresh: bool) -> _Made:
    """Apply a write on what stands, or on nothing (`fresh`)."""
    start = None if fresh else facts.standing.body
    match write.kind:
        case None:
            return _Made()
        case Kind.VALUE:
            return _Made(write.value)
        case Kind.COUNTER:
            total = start or "0"
            for item in write.items:
                total = plus(total, item.text or "0")
            return _Made(total)
        case Kind.LOG:
            ids = tuple(item.id for item in write.items)
            above = not fresh and facts.last_line is not None and facts.last_line > write.order
            return _Made(str(int(start or 0) + len(ids)), ids, above=above)
        case Kind.SET:
            return _stamped(write, int(start or 0), {} if fresh else facts.stamps)
        case Kind.RECORD | Kind.TEXT:
            raise AssertionError(f"{write.kind} cannot be written in this version")


def _stamped(write: Write, count: int, stamps: Stamps) -> _Made:
    """Include leaves a stamp, exclude ends those that its author saw or made."""
    alive = {element: dict.fromkeys(stamps.get(element, ())) for element in _elements(write)}
    made: dict[int, None] = {}
    drops: list[tuple[str, int]] = []
    for item in write.items:
        element = item.text or ""
        if item.op == Op.INCLUDE:
            alive[element][Stamp(item.id, write.commit)] = None
            made[item.id] = None
            continue
        for stamp in list(alive[element]):
            if stamp.operation in made:
                del made[stamp.operation]
            elif stamp.commit <= write.base:
                drops.append((element, stamp.operation))
            else:
                continue
            del alive[element][stamp]
    was = sum(1 for element in alive if stamps.get(element))
    count += sum(1 for left in alive.values() if left) - was
    return _Made(str(count), tuple(made), tuple(drops))


def _elements(write: Write) -> Iterable[str]:
    return dict.fromkeys(item.text or "" for item in write.items)
