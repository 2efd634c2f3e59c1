"""What becomes of a write: the pure decisions of merging. Reads nothing, writes nothing."""

from collections.abc import Iterable

from core.state import record
from core.state.by_lines import Lines, by_lines
from core.state.made import made
from core.state.operations import Kind
from core.state.standing import (
    LOST,
    NO_FACTS,
    NO_FIELDS,
    NO_STAMPS,
    NOTHING,
    Case,
    Facts,
    Fields,
    Merging,
    Ruling,
    Stamp,
    Stamps,
    Standing,
    Step,
    Verdict,
)
from core.state.values import is_number, load, same
from core.state.write import WHOLE, Write

__all__ = [
    "LOST",
    "NOTHING",
    "NO_FACTS",
    "NO_STAMPS",
    "Case",
    "Facts",
    "Merging",
    "Stamp",
    "Stamps",
    "Standing",
    "Step",
    "Verdict",
    "plan",
    "step",
]

# What each write needs: to name a member of an enumeration takes five times as long.
_APPLIED, _SAME, _CANDIDATE = Verdict.APPLIED, Verdict.SAME, Verdict.CANDIDATE
_VALUE, _TEXT, _FILE, _RECORD = Kind.VALUE, Kind.TEXT, Kind.FILE, Kind.RECORD
_IN_ROWS = (Kind.SET, Kind.LOG)
_RULED = (Merging.LATEST, Merging.FIRST, Merging.MAX, Merging.MIN)
_BY_ORDER = (Merging.LATEST, Merging.FIRST)


def step(
    facts: Facts, write: Write, seen: Standing, merging: Merging, fields: Fields = NO_FIELDS
) -> Step:
    """Decide one write. `seen` is the key as the write's author saw it, at the write's base;
    `fields` are rules for fields of a record."""
    lines = None
    if write.kind is _TEXT or write.kind is _FILE:
        lines = by_lines(facts.standing, write, seen, facts.contents)
    verdict = _verdict(facts.standing, write, seen, merging, lines)
    if verdict is _CANDIDATE:
        return waiting(facts, write)
    if verdict is not _APPLIED:
        lost = write if verdict in LOST else None
        candidates = () if write.settles else facts.candidates
        return Step(verdict, _noted(facts.standing, write), candidates, lost=lost)
    if write.kind is _RECORD:
        return _by_fields(facts, write, seen, fields)
    clean = lines is not None and lines.body is not None
    return _applied(facts, write, seen, lines if clean else None)


def plan(cases: Iterable[Case]) -> list[tuple[Case, Step]]:
    """Decide a whole delta. Keys do not look at each other, but for those of one group: if one
    of them clashes, all that the delta wants of them waits."""
    decided = [
        (case, step(case.facts, case.write, case.seen, case.merging, case.fields)) for case in cases
    ]
    clashing = {
        case.group
        for case, done in decided
        if case.group is not None and done.verdict in (_CANDIDATE, Verdict.OUTRANKED)
    }
    if not clashing:
        return decided
    return [
        (case, waiting(case.facts, case.write))
        if case.group in clashing and done.verdict is not _SAME
        else (case, done)
        for case, done in decided
    ]


def waiting(facts: Facts, write: Write) -> Step:
    """The write changes nothing and becomes a candidate, unless another wants the same."""
    return Step(_CANDIDATE, facts.standing, _joined(facts.candidates, write), lost=write)


def _applied(facts: Facts, write: Write, seen: Standing, lines: Lines | None) -> Step:
    before = facts.standing
    fresh = write.clears or before.kind is not write.kind
    new = made(facts, write, fresh)
    # By place, as all in the way of each write: with names they take twice the time to make.
    standing = Standing(
        write.kind,
        new.body if lines is None else lines.body,
        write.commit,
        write.commit if fresh else before.born,
        write.commit if write.clears else before.cleared,
        write.commit if write.person else before.person,
        write.order if write.kind is _VALUE else (0, 0),
        seen.changed if write.kind is _VALUE else 0,
    )
    return Step(
        _APPLIED,
        standing,
        _left(facts.candidates, write, standing) if facts.candidates else (),
        new.adds,
        new.drops,
        fresh and before.kind in _IN_ROWS,
        new.above,
        None,
        None if lines is None else lines.content,
        lines is not None and lines.body != write.items[-1].text,
    )


def _by_fields(facts: Facts, write: Write, seen: Standing, rules: Fields) -> Step:
    """Each field as a key of its own: some may land while others lose."""
    before = facts.standing
    fresh = write.clears or before.kind is not _RECORD
    now = {} if fresh else record.read(before.body)
    known = record.read(seen.body) if seen.kind is _RECORD and not write.clears else {}
    verdicts: dict[str, Verdict] = {}
    for name, wish in record.wishes(write).items():
        rule = rules.get(name, Ruling())
        done = _field(now.get(name, NOTHING), write, wish, known.get(name, NOTHING), rule)
        verdicts[name] = done.verdict
        if done.verdict is _APPLIED:
            now[name] = done.standing
    verdict = next((v for v in _WORST if v in verdicts.values()), _SAME)
    standing = _noted(before, write)
    if write.clears or _APPLIED in verdicts.values():
        standing = Standing(
            _RECORD,
            record.written(now),
            write.commit,
            write.commit if fresh else before.born,
            write.commit if write.clears else before.cleared,
            write.commit if write.person else before.person,
        )
    candidates = _left(facts.candidates, write, standing)
    wipes = write.clears and before.kind in _IN_ROWS
    if verdict not in LOST:
        return Step(_APPLIED if wipes else verdict, standing, candidates, wipes=wipes)
    # What a person's word outranked is asked about along with the rest.
    asks = (_CANDIDATE, Verdict.OUTRANKED) if verdict is _CANDIDATE else (verdict,)
    lost = record.only(write, [name for name in verdicts if verdicts[name] in asks])
    if verdict is _CANDIDATE:
        candidates = _joined(candidates, lost)
    return Step(verdict, standing, candidates, lost=lost)


_WORST = (_CANDIDATE, Verdict.OUTRANKED, Verdict.BEATEN, _APPLIED)


def _field(now: Standing, write: Write, wish: record.Wish, seen: Standing, rule: Ruling) -> Step:
    kind = record.field_kind(now, seen, rule.kind)
    wanted = record.of_field(write, wish, kind)
    if wanted.kind is None or not record.in_parts(kind):
        return step(Facts(now), wanted, seen, rule.merging)
    if record.is_as(seen, wish.text) and not write.person:
        return Step(_SAME, now, ())
    gone = now.cleared > write.base and seen.kind is not None
    body = None if gone else record.combined(now, wanted, seen)
    if body is None:
        return Step(_clash(now, write), now, ())
    born = now.born if now.kind else write.commit
    person = write.commit if write.person else now.person
    return Step(_APPLIED, Standing(kind, body, write.commit, born, now.cleared, person), ())


def _verdict(
    standing: Standing, write: Write, seen: Standing, merging: Merging, lines: Lines | None
) -> Verdict:
    if write.blocked:
        return _CANDIDATE
    if write.kind is None and not write.clears:
        return _SAME
    values = write.kind is _VALUE and standing.kind is _VALUE
    ruled = values and merging in _RULED
    if _changes_nothing(standing, write, seen):
        wins = ruled and merging in _BY_ORDER and _ruled(standing, write, seen, merging)
        # Later the same value counts for more, so that it can beat one in between.
        return _APPLIED if wins is _APPLIED and not _is(seen, write) else _SAME
    if lines is not None:
        return _of_lines(standing, write, lines)
    deleted_meanwhile = standing.cleared > write.base and seen.kind is not None
    other_kind = standing.kind not in (None, write.kind) and not write.clears
    if write.combines:
        return _clash(standing, write) if other_kind or deleted_meanwhile else _APPLIED
    if standing.changed <= write.base and not other_kind:
        return _APPLIED
    if standing.kind is None and not deleted_meanwhile:
        return _APPLIED
    if write.person and _is(standing, write):
        return _APPLIED
    return _ruled(standing, write, seen, merging) if ruled else _clash(standing, write)


def _of_lines(standing: Standing, write: Write, lines: Lines) -> Verdict:
    if lines.overlap:
        return _clash(standing, write)
    changes = write.person or not same(lines.body, standing.body)
    return _APPLIED if changes else _SAME


def _ruled(standing: Standing, write: Write, seen: Standing, merging: Merging) -> Verdict:
    """Two values that did not see each other, by the key's rule."""
    match merging:
        case Merging.LATEST:
            stays = write.order <= standing.order
        case Merging.FIRST:
            if (standing.person > write.base) != write.person:
                return _clash(standing, write)
            # Who saw a newer one knew that the older ones were beaten.
            stays = (-standing.saw, standing.order) <= (-seen.changed, write.order)
        case _:
            one, other = load(standing.body or "null"), load(write.value or "null")
            if not (is_number(one) and is_number(other)):
                return _clash(standing, write)
            assert isinstance(one, int | float)
            assert isinstance(other, int | float)
            stays = other <= one if merging is Merging.MAX else other >= one
    return Verdict.BEATEN if stays else _APPLIED


def _changes_nothing(standing: Standing, write: Write, seen: Standing) -> bool:
    """The write repeats what its author saw, or wants what stands. A person's word counts anew."""
    if write.person or write.combines:
        return False
    return _is(seen, write) or (seen is not standing and _is(standing, write))


def _is(standing: Standing, write: Write) -> bool:
    """Whether the key stands as a write wants it that does not add to it."""
    if write.kind is None:
        return write.clears and standing.kind is None
    if standing.kind is not write.kind or write.kind not in WHOLE:
        return False
    return same(standing.body, write.items[-1].text)


def _clash(standing: Standing, write: Write) -> Verdict:
    """Nothing combines: a person outranks jobs and agents; among equals the key stays, and asks.
    So it does when an undo meets what was built on what it undoes."""
    if write.reverts:
        return _CANDIDATE
    persons = standing.person > write.base
    if write.person:
        return _CANDIDATE if persons else _APPLIED
    return Verdict.OUTRANKED if persons else _CANDIDATE


def _alike(one: Write, other: Write) -> bool:
    """Whether two candidates want the same, so that one of them can stand for both."""
    if one.kind is None or one.kind is not other.kind:
        return one.kind is other.kind
    if one.kind is _RECORD and not (one.clears or other.clears):
        return record.alike(one, other)
    return one.kind in WHOLE and same(one.items[-1].text, other.items[-1].text)


def _joined(candidates: tuple[Write, ...], write: Write) -> tuple[Write, ...]:
    if not candidates:
        return (write,)
    known = any(_alike(write, other) for other in candidates)
    return candidates if known else (*candidates, write)


def _noted(standing: Standing, write: Write) -> Standing:
    """A person who settles a conflict has spoken, also when nothing changes by it."""
    if write.person and write.settles:
        return standing._replace(changed=write.commit, person=write.commit)
    return standing


def _left(candidates: tuple[Write, ...], write: Write, standing: Standing) -> tuple[Write, ...]:
    """A candidate that wants what stands now waits for nothing."""
    if write.settles or not candidates:
        return ()
    return tuple(other for other in candidates if not _fulfilled(standing, other))


def _fulfilled(standing: Standing, write: Write) -> bool:
    if write.kind is _RECORD and standing.kind is _RECORD and not write.clears:
        return record.same_as(record.read(standing.body), write)
    return _is(standing, write)
