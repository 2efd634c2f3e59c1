"""All writes of keys decided again, from their beginning: what an undo comes to. Pure; reads and
writes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.state.by_lines import hash_of
from core.state.made import elements
from core.state.merge import plan
from core.state.operations import Kind
from core.state.standing import (
    LOST,
    NO_CONTENTS,
    NO_FIELDS,
    NO_STAMPS,
    NOTHING,
    Case,
    Contents,
    Facts,
    Fields,
    Merging,
    Stamp,
    Stamps,
    Standing,
    Step,
    Verdict,
)
from core.state.values import minus, plus
from core.state.write import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What all writes of a key come to: also which operations are its lines or stamps now.

    `losers` are the writes that are not in it, by commit, and of them `candidates` wait; of a
    record each is the part that lost. `joined` are the keys that wait in one conflict with it.
    `contents` are those of merged files.
    """

    standing: Standing = NOTHING
    candidates: tuple[Write, ...] = ()
    losers: Mapping[int, Write] = field(default_factory=dict)
    lines: frozenset[int] = frozenset()
    stamps: Mapping[int, str] = field(default_factory=dict)
    joined: frozenset[str] = frozenset()
    contents: Contents = field(default_factory=dict)


class Ground(NamedTuple):
    """What a fold begins with: a key as it was before the writes that are folded, without any
    conflict. `stamps` and `lines` are all that lived then."""

    standing: Standing = NOTHING
    lines: frozenset[int] = frozenset()
    stamps: Stamps = NO_STAMPS


NO_GROUND = Ground()


class Wanted(NamedTuple):
    """One write of a key, with what its decision needs besides what stands: see Case."""

    key: str
    write: Write
    seen: Standing
    merging: Merging = Merging.ASK
    fields: Fields = NO_FIELDS
    group: str | None = None


def fold(
    commits: Iterable[Sequence[Wanted]],
    grounds: Mapping[str, Ground],
    contents: Contents = NO_CONTENTS,
    ends: Callable[[Write], bool] | None = None,
) -> dict[str, Folded]:
    """Decide writes of the keys in `grounds` again, commit by commit in their order; up to the
    first that loses and of which `ends` says that this is enough to know."""
    made: dict[str, bytes] = {}
    keys = {key: _Key(key, ground) for key, ground in grounds.items()}
    known = _Both(made, contents)
    for commit in commits:
        planned = plan(
            Case(
                one.key, one.write, keys[one.key].facts(known), one.seen, one.merging, one.fields,
                one.group,
            )
            for one in commit
        )  # fmt: skip
        for case, done in planned:
            if done.content is not None and done.standing.body is not None:
                made[hash_of(done.standing.body)] = done.content
            keys[case.key].take(case.write, done)
        if ends is not None and any(d.verdict in LOST and ends(c.write) for c, d in planned):
            break
        _settle(keys, planned)
        _join(keys, planned)
    return {key: one.folded(made) for key, one in keys.items()}


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


class _Key:
    """One key while it is folded."""

    def __init__(self, name: str, ground: Ground) -> None:
        self.name = name
        self.standing = ground.standing
        self.candidates: tuple[Write, ...] = ()
        self.losers: dict[int, Write] = {}
        self.joined: frozenset[str] = frozenset()
        self._lines = set(ground.lines)
        self._stamps = dict(ground.stamps)

    def facts(self, contents: Contents) -> Facts:
        return Facts(self.standing, self.candidates, self._stamps, contents=contents)

    def take(self, write: Write, done: Step) -> None:
        self.standing, self.candidates = done.standing, done.candidates
        if done.wipes:
            self._lines, self._stamps = set(), {}
        if done.lost is not None and done.verdict in LOST:
            self.losers[write.commit] = done.lost
        if done.verdict is Verdict.APPLIED and write.kind is Kind.LOG:
            self._lines.update(done.adds)
        if done.verdict is Verdict.APPLIED and write.kind is Kind.SET:
            _restamp(self._stamps, write, done)

    def folded(self, made: Mapping[str, bytes]) -> Folded:
        """What all writes taken so far come to; `made` has the contents that merging made."""
        body = self.standing.body
        digest = hash_of(body) if self.standing.kind is Kind.FILE and body is not None else ""
        return Folded(
            standing=self.standing,
            candidates=self.candidates,
            losers=self.losers,
            lines=frozenset(self._lines),
            stamps={
                stamp.operation: element
                for element, stamps in self._stamps.items()
                for stamp in stamps
            },
            joined=self.joined,
            contents={digest: made[digest]} if digest in made else NO_CONTENTS,
        )


def _settle(keys: Mapping[str, _Key], planned: Sequence[tuple[Case, Step]]) -> None:
    """Who settles a conflict settles it for all its keys; who waits no more leaves it."""
    settlers: dict[frozenset[str], list[str]] = {}
    for case, _ in planned:
        if case.write.settles and keys[case.key].joined:
            settlers.setdefault(keys[case.key].joined, []).append(case.key)
    for joined, by in settlers.items():
        # What becomes of a settler's own candidates its step has said.
        for name in joined.difference(by if len(by) == 1 else ()):
            keys[name].candidates = ()
    met = {keys[case.key].joined for case, _ in planned}
    left: dict[frozenset[str], frozenset[str]] = {}
    for name in frozenset[str]().union(*met):
        joined = keys[name].joined
        if joined not in left:
            left[joined] = frozenset(other for other in joined if keys[other].candidates)
        keys[name].joined = left[joined]


def _join(keys: Mapping[str, _Key], planned: Sequence[tuple[Case, Step]]) -> None:
    """What waits together becomes one conflict, with all that waited with it before."""
    groups: dict[str, set[str]] = {}
    before: dict[str, set[frozenset[str]]] = {}
    for case, done in planned:
        if case.group is not None and done.verdict is Verdict.CANDIDATE and done.candidates:
            groups.setdefault(case.group, set()).add(case.key)
            before.setdefault(case.group, set()).add(keys[case.key].joined)
    for name, group in groups.items():
        joined = frozenset(group.union(*before[name]))
        if len(joined) > 1:
            for key in joined:
                keys[key].joined = joined


class _Both(Mapping[str, bytes]):
    """Contents that were made here, and those that are known."""

    def __init__(self, made: Mapping[str, bytes], known: Contents) -> None:
        self._made, self._known = made, known

    def __getitem__(self, digest: str) -> bytes:
        return self._made[digest] if digest in self._made else self._known[digest]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._made, **self._known})

    def __len__(self) -> int:
        return len({**self._made, **self._known})


def _restamp(stamps: dict[str, tuple[Stamp, ...]], write: Write, done: Step) -> None:
    adds, drops = set(done.adds), {operation for _, operation in done.drops}
    for element in elements(write):
        kept = [stamp for stamp in stamps.get(element, ()) if stamp.operation not in drops]
        stamps[element] = tuple(kept)
    for item in write.items:
        if item.id in adds:
            stamps[item.text or ""] += (Stamp(item.id, write.commit),)
