"""The reference model: a channel that keeps every wish and folds them all. Slow and plain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from core.state.operations import FileChange, Json, Kind, Op, Operation
from core.state.rules import Merging
from tests.core.state.reference.fold import Key, applied, patched, step
from tests.core.state.reference.wishes import LAST, Content, Order, Part, Stand, Wish

Name = tuple[str, str]  # ("entry", key) or ("file", path)
Change = Operation | FileChange
NOTHING = Key()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit: what it wished, or what it undoes."""

    number: int
    wishes: Mapping[Name, Wish] = field(default_factory=dict)
    undoes: int | None = None


class Refused(Exception):
    """The act cannot be done, and nothing was."""


class Model:
    """All commits, and what stood after each: `past[n]` is the state after commit n."""

    def __init__(self, rules: Mapping[str, Merging]) -> None:
        self.rules = rules
        self.commits: list[Commit] = []
        self.sources: dict[str, int] = {}
        self.keys: dict[Name, Key] = {}
        self.past: list[dict[Name, Stand]] = [{}]
        self._parts = 0

    @property
    def head(self) -> int:
        return len(self.commits)

    def stand(self, name: Name, at: int | None = None) -> Stand:
        return self.past[self.head if at is None else at].get(name, Stand())

    def waiting(self) -> dict[Name, frozenset[int]]:
        """The open conflicts: who waits, by key."""
        return {
            name: frozenset(one.commit for one in key.waiting)
            for name, key in self.keys.items()
            if key.waiting
        }

    def counts(self, number: int) -> bool:
        """Whether no undo of it counts."""
        return not any(c.undoes == number and self.counts(c.number) for c in self.commits)

    def merge(
        self,
        changes: Iterable[Change],
        *,
        base: int,
        rank: int | None,
        source: str,
        settles: bool = False,
    ) -> int:
        """Merge a delta, once. `rank` is the job's number, None for a person."""
        if source in self.sources:
            return self.sources[source]
        parts: dict[Name, list[Part]] = {}
        for change in changes:
            name = ("file" if isinstance(change, FileChange) else "entry", named(change))
            parts.setdefault(name, []).extend(self._parts_of(change))
        return self._commit(parts, base, rank, source, settles)

    def _commit(
        self,
        parts: Mapping[Name, Sequence[Part]],
        base: int,
        rank: int | None,
        source: str,
        settles: bool,
    ) -> int:
        number = self.head + 1
        order: Order = (number - 1, LAST) if rank is None else (base, rank)
        wishes = {
            name: Wish(
                commit=number,
                base=base,
                order=order,
                person=rank is None,
                parts=tuple(wanted),
                seen=self.stand(name, base),
                rule=self.rules.get(name[1], Merging.ASK),
                settles=settles or (rank is None and _replaces(wanted)),
            )
            for name, wanted in parts.items()
        }
        wishes = self._blocked(wishes)
        self._add(Commit(number=number, wishes=wishes), source)
        for name, wish in wishes.items():
            self.keys[name] = step(self.keys.get(name, NOTHING), wish)
        self._remember()
        return number

    def _add(self, commit: Commit, source: str) -> None:
        self.commits.append(commit)
        self.sources[source] = commit.number

    def _remember(self) -> None:
        self.past.append({name: key.stand for name, key in self.keys.items()})

    def _parts_of(self, change: Change) -> list[Part]:
        wanted: list[tuple[Op, Json | Content]]
        match change:
            case FileChange(content=None):
                wanted = [(Op.DELETE, None)]
            case FileChange(content=bytes(data)):
                wanted = [(Op.PUT, Content(data=data, executable=change.executable))]
            case Operation(argument=list(several)) if change.op is not Op.PUT:
                wanted = [(change.op, one) for one in several]
            case Operation():
                wanted = [(change.op, change.argument)]
            case _:
                raise TypeError(change)
        self._parts += len(wanted)
        first = self._parts - len(wanted)
        return [Part(id=first + n, op=op, value=value) for n, (op, value) in enumerate(wanted)]

    def _blocked(self, wishes: dict[Name, Wish]) -> dict[Name, Wish]:
        """A file whose folder is a file, or whose name is a folder, waits."""
        while True:
            after = {n: k.stand for n, k in self.keys.items() if n[0] == "file"}
            for name, wish in wishes.items():
                if name[0] == "file" and not wish.blocked:
                    after[name] = step(self.keys.get(name, NOTHING), wish).stand
            there = {path for (_, path), stand in after.items() if stand.kind}
            wrong = [
                name
                for name, wish in wishes.items()
                if name[0] == "file"
                and wish.new
                and not wish.blocked
                and in_the_way(name[1], there)
            ]
            if not wrong:
                return wishes
            wishes = {n: replace(w, blocked=w.blocked or n in wrong) for n, w in wishes.items()}

    def undo(self, number: int, source: str) -> None:
        """Leave a commit out and fold the rest of its keys again."""
        if not 1 <= number <= self.head or not self.counts(number):
            raise Refused
        undone = Commit(number=self.head + 1, undoes=number)
        self.commits.append(undone)
        keys = self.keys | {name: self._folded(name) for name in self._touched(number)}
        there = {path for (space, path), key in keys.items() if space == "file" and key.stand.kind}
        if any(in_the_way(path, there) for path in there):
            self.commits.pop()
            raise Refused
        self.sources[source] = undone.number
        self.keys = keys
        self._remember()

    def built_on(self, number: int) -> bool:
        """Whether a later commit wrote one of its files."""
        files = {name for name in self._touched(number) if name[0] == "file"}
        return any(files & set(commit.wishes) for commit in self.commits[number:])

    def _touched(self, number: int) -> set[Name]:
        commit = self.commits[number - 1]
        return set(commit.wishes) if commit.undoes is None else self._touched(commit.undoes)

    def _folded(self, name: Name) -> Key:
        key = NOTHING
        for commit in self.commits:
            wish = commit.wishes.get(name)
            if wish is not None and self.counts(commit.number):
                key = step(key, wish)
        return key

    def writing(self, name: Name) -> set[int]:
        """All commits that ever wished something of a key."""
        return {c.number for c in self.commits if name in c.wishes}

    def tale(self, name: Name) -> str:
        """What happened to a key, for whoever looks into a difference."""
        acts = []
        for commit in self.commits:
            wish = commit.wishes.get(name)
            if wish is not None:
                wanted = [(part.op.value, part.value) for part in wish.parts]
                who = "a person" if wish.person else "a job"
                acts.append(f"{commit.number}: {who} on {wish.base}: {wanted}")
            elif commit.undoes is not None:
                acts.append(f"{commit.number}: undoes {commit.undoes}")
        return "\n".join([str(name), *acts, str(self.keys.get(name, NOTHING).stand)])

    def choose(self, name: Name, choice: int, source: str) -> None:
        """A person takes the candidate of that commit, or with 0 what stands."""
        now = self.stand(name)
        if choice:
            (wish,) = (one for one in self.keys[name].waiting if one.commit == choice)
            parts = self._taking(name, wish)
        elif now.kind in (Kind.COUNTER, Kind.SET, Kind.LOG, Kind.RECORD):
            parts = []
        elif now.kind is None:
            parts = [self._part(Op.DELETE)]
        else:
            parts = [self._part(Op.PUT, now.value)]
        self._settle(name, parts, source)

    def take(self, name: Name, commit: int, source: str) -> None:
        """A person takes what a commit wanted and lost."""
        lost = self.keys.get(name, NOTHING).lost
        if commit not in lost:
            raise Refused
        self._settle(name, self._taking(name, lost[commit]), source)

    def _settle(self, name: Name, parts: list[Part], source: str) -> None:
        if name[0] == "file" and any(part.op is Op.PUT for part in parts):
            there = {p for (s, p), key in self.keys.items() if s == "file" and key.stand.kind}
            if in_the_way(name[1], there):
                raise Refused
        self._commit({name: parts}, self.head, None, source, settles=True)

    def _part(self, op: Op, value: Json | Content = None) -> Part:
        self._parts += 1
        return Part(id=self._parts - 1, op=op, value=value)

    def _taking(self, name: Name, wish: Wish) -> list[Part]:
        """What leaves the key as the wish's author would have had it."""
        if not wish.combines:
            whole = [self._part(p.op, p.value) for p in wish.new]
            return whole or [self._part(Op.DELETE)]
        known = wish.seen.kind in (None, Kind.RECORD)
        if known and wish.kind is self.stand(name).kind is Kind.RECORD:
            return [self._part(Op.PATCH, patched(wish))]
        theirs = applied(wish.seen if wish.seen.kind is wish.kind else Stand(), wish)
        return [self._part(Op.DELETE), *self.making(theirs)]

    def making(self, stand: Stand) -> list[Part]:
        match stand.kind:
            case Kind.COUNTER:
                return [self._part(Op.ADD, _json(stand.total))]
            case Kind.RECORD:
                fields = stand.fields.items()
                there: Json = {name: one.value for name, one in fields if one.value is not None}
                return [self._part(Op.PATCH, there)] if there else []
            case Kind.SET:
                elements = {stamp.element for stamp in stand.stamps}
                return [self._part(Op.INCLUDE, element) for element in sorted(elements, key=str)]
            case _:
                lines = sorted(stand.lines, key=lambda line: (line.order, line.id))
                return [self._part(Op.APPEND, line.text) for line in lines]

    def person_delete(self, key: str, source: str) -> None:
        name = ("entry", key)
        if self.stand(name).kind is None and not self.keys.get(name, NOTHING).waiting:
            raise Refused
        self._settle(("entry", key), [self._part(Op.DELETE)], source)

    def answer(self, name: Name, value: Json, source: str) -> None:
        """A person settles a conflict with a text of their own."""
        if name[0] == "file":
            raise Refused
        self.person_put(name[1], value, self.head, source)

    def person_put(self, key: str, value: Json, base: int, source: str) -> None:
        """What a person typed: the difference to what they saw, where the kind combines."""
        seen = self.stand(("entry", key), base)
        match seen.kind, value:
            case Kind.COUNTER, int(number):
                changes = [Operation(key=key, op=Op.ADD, argument=_json(number - seen.total))]
            case Kind.SET, list(wanted):
                there = {stamp.element for stamp in seen.stamps}
                more = [one for one in wanted if one not in there]
                less = [one for one in sorted(there, key=str) if one not in wanted]
                changes = [
                    Operation(key=key, op=Op.INCLUDE, argument=more),
                    Operation(key=key, op=Op.EXCLUDE, argument=less),
                ]
            case Kind.RECORD, dict(fields):
                had = {field: one.value for field, one in seen.fields.items()}
                names = [field for field in {*had, *fields} if had.get(field) != fields.get(field)]
                differs: Json = {field: fields.get(field) for field in names}
                changes = [Operation(key=key, op=Op.PATCH, argument=differs)]
            case Kind.LOG | Kind.COUNTER | Kind.SET | Kind.RECORD, _:
                raise Refused
            case _:
                changes = [Operation(key=key, op=Op.PUT, argument=value)]
        changes = [
            one
            for one in changes
            if one.argument not in ([], {}) and (one.op, one.argument) != (Op.ADD, 0)
        ]
        if changes:
            self.merge(changes, base=base, rank=None, source=source, settles=True)
        elif self.keys[("entry", key)].waiting:
            self._settle(("entry", key), [], source)


def named(change: Change) -> str:
    return change.path if isinstance(change, FileChange) else change.key


def in_the_way(path: str, there: set[str]) -> set[str]:
    """What cannot stand beside a file of that path."""
    return {one for one in there if path.startswith(one + "/") or one.startswith(path + "/")}


def _replaces(parts: Sequence[Part]) -> bool:
    return any(part.op in (Op.PUT, Op.DELETE) for part in parts)


def _json(number: Fraction | int) -> Json:
    return int(number) if Fraction(number).denominator == 1 else float(number)
