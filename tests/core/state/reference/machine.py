"""A channel's life made up by Hypothesis, in the real store and in the model. No test itself."""

import json
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import BadRequest
from core.state.apply import Merged
from core.state.conflicts import OpenConflict, open_conflicts
from core.state.database import Transaction
from core.state.entries import read_entry
from core.state.files import find_file, read_file
from core.state.history import history
from core.state.operations import Delta, Json, Kind
from core.state.resolution import Stale
from core.state.rules import Rule, Rules
from tests.core.state.board import ANN, add, job_author, put
from tests.core.state.reference.changes import ANY, FILES, KEYS, PATHS, RULED, deltas
from tests.core.state.reference.model import Change, Model, Name, Refused
from tests.core.state.reference.store import Store
from tests.core.state.reference.wishes import FILE, Content, Stand

RULES = Rules(rules=tuple(Rule(keys=key, rule=one) for key, one in RULED.items()))
ANYWHERE = st.integers(0, 99)
BACK = st.integers(0, 5)
TYPED = st.sampled_from(["v", "5", '["x", "q"]', "own words", '{"f": 1}', '{"f": 2, "g": "t"}'])


def real(tx: Transaction, name: Name, at: int | None) -> tuple[object, ...]:
    """The key as the store tells it, in the form of `Stand.shown`."""
    space, key = name
    if space == "file":
        found = find_file(tx, key, at)
        if found is None:
            return Stand().shown
        data = read_file(tx, key, at)
        assert data is not None
        return Stand(kind=FILE, value=Content(data=data, executable=found.executable)).shown
    entry = read_entry(tx, key, at)
    if entry is None:
        return Stand().shown
    shown = list(Stand(kind=entry.kind).shown)
    match entry.kind, entry.value:
        case Kind.COUNTER, int() | float():
            shown[2] = Fraction(str(entry.value))
        case Kind.LOG, list(lines):
            shown[3] = tuple(lines)
        case Kind.SET, list(elements):
            shown[4] = frozenset(str(one) for one in elements)
            assert len(elements) == entry.size == len(set(map(str, elements)))
        case _:
            shown[1] = entry.value
    return tuple(shown)


NAMES: tuple[Name, ...] = tuple(
    [("entry", key) for key in KEYS] + [("file", path) for path in PATHS]
)


class Channel(RuleBasedStateMachine):
    """Both channels, what was merged, and the clicks that people may still make."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(RULES)
        self.model = Model(RULED)
        self.ended: list[tuple[Delta, Merged]] = []
        self.jobs = 0
        self.acts = 0
        self.agreed = False
        self.shown: dict[tuple[int, int], tuple[object, ...]] = {}

    def teardown(self) -> None:
        try:
            if self.agreed:
                self.check_all_of_the_past()
        finally:
            self.store.close()

    def source(self) -> str:
        self.acts += 1
        self.agreed = False
        return f"press:{self.acts}"

    @rule(changes=ANY, back=BACK, rank=st.integers(0, 9), torn=st.integers(0, 9))
    def job_ends(self, changes: list[Change], back: int, rank: int, torn: int) -> None:
        """A job that began `back` commits ago; it has any number that no other has."""
        delta, number = self.delta(changes, back, rank)
        merged = self.store.merge(delta, torn=torn == 9)
        self.model.merge(changes, base=delta.base, rank=number, source=delta.source)
        assert merged.commit == self.model.head
        self.ended.append((delta, merged))
        self.check_receipt(merged)

    def delta(self, changes: list[Change], back: int, rank: int) -> tuple[Delta, int]:
        self.jobs += 1
        self.agreed = False
        number = rank * 1000 + self.jobs
        base = max(0, self.model.head - back)
        author, source = job_author(number), f"job:{number}"
        return self.store.delta(changes, author=author, base=base, source=source), number

    @precondition(lambda self: self.ended)
    @rule(which=ANYWHERE)
    def finish_again(self, which: int) -> None:
        delta, merged = self.ended[which % len(self.ended)]
        again = self.store.merge(delta)
        assert again.already
        assert (again.commit, again.receipt) == (merged.commit, merged.receipt)

    @rule(changes=ANY, back=BACK)
    def job_is_refused(self, changes: list[Change], back: int) -> None:
        """What a job would have merged is unsound at its end, so nothing of it is."""
        delta, _ = self.delta([*changes, put("other", 1), add("other", 1)], back, 0)
        assert self.refused(lambda: self.store.merge(delta))

    @rule(key=st.sampled_from(KEYS), text=TYPED, back=st.integers(0, 2))
    def person_sets(self, key: str, text: str, back: int) -> None:
        source, base = self.source(), max(0, self.model.head - back)
        self.both(
            lambda: self.store.person_put(key, text, base, source),
            lambda: self.model.person_put(key, typed(text), base, source),
        )

    @rule(key=st.sampled_from(KEYS))
    def person_unsets(self, key: str) -> None:
        source = self.source()
        self.both(
            lambda: self.store.person_delete(key, source),
            lambda: self.model.person_delete(key, source),
        )

    @rule(changes=deltas(FILES, most=2))
    def person_changes_files(self, changes: list[Change]) -> None:
        source, base = self.source(), self.model.head
        self.store.merge(self.store.delta(changes, author=ANN, base=base, source=source))
        self.model.merge(changes, base=base, rank=None, source=source)

    @precondition(lambda self: self.model.head)
    @rule(back=ANYWHERE)
    def undo(self, back: int) -> None:
        source, commit = self.source(), self.model.head - back % self.model.head
        if self.model.built_on(commit):
            return
        self.both(lambda: self.store.undo(commit, source), lambda: self.model.undo(commit, source))

    @precondition(lambda self: self.model.waiting())
    @rule(which=ANYWHERE, choice=ANYWHERE, known=st.booleans())
    def click(self, which: int, choice: int, known: bool) -> None:
        found = self.conflict(which)
        picked = choice % (len(found.candidates) + 1)
        source = self.source()
        commit = found.candidates[picked - 1] if picked else 0
        self.both(
            lambda: self.store.resolve(
                found.number, found.revision if known else None, picked, source
            ),
            lambda: self.model.choose((found.space, found.key), commit, source),
        )

    @precondition(lambda self: self.model.waiting())
    @rule(which=ANYWHERE, text=TYPED)
    def answer(self, which: int, text: str) -> None:
        found, source = self.conflict(which), self.source()
        self.both(
            lambda: self.store.resolve(found.number, found.revision, text, source),
            lambda: self.model.answer((found.space, found.key), typed(text), source),
        )

    @precondition(lambda self: self.shown)
    @rule(which=ANYWHERE, forged=st.sampled_from([0, 0, -1, 1, 10**9]))
    def click_on_what_is_no_longer_shown(self, which: int, forged: int) -> None:
        number, revision = sorted(self.shown)[which % len(self.shown)]
        now = {one.number: one for one in self.store.conflicts()}.get(number)
        if now is None or now.revision != revision + forged:
            done = self.store.resolve(number, revision + forged, 0, self.source())
            assert done == Stale(conflict=now)

    @precondition(lambda self: self.model.head)
    @rule(which=ANYWHERE, commit=ANYWHERE)
    def take(self, which: int, commit: int) -> None:
        losers = sorted(
            (key, commit)
            for (space, key), one in self.model.keys.items()
            for commit in one.lost
            if space == "entry"
        )
        key, number = losers[which % len(losers)] if losers else (KEYS[0], commit)
        source = self.source()
        self.both(
            lambda: self.store.take(key, number, source),
            lambda: self.model.take(("entry", key), number, source),
        )

    @rule()
    def crash(self) -> None:
        self.store.crash()

    def conflict(self, which: int) -> OpenConflict:
        found = self.store.conflicts()
        return found[which % len(found)]

    def both(self, really: Callable[[], object], modelled: Callable[[], None]) -> None:
        """Do it in both, or see both refuse."""
        try:
            modelled()
        except Refused:
            assert self.refused(really), str(really)
        else:
            assert not isinstance(really(), Stale)

    def refused(self, act: Callable[[], object]) -> bool:
        with suppress(BadRequest):
            act()
            return False
        return True

    def check_receipt(self, merged: Merged) -> None:
        """Each wish that did not come true is named."""
        for name, key in self.model.keys.items():
            told = [line for line in merged.receipt if line.key == name[1]]
            if merged.commit in [one.commit for one in key.waiting]:
                assert any(line.conflict in merged.conflicts for line in told), (
                    merged,
                    self.model.tale(name),
                )
            elif merged.commit in key.lost:
                assert any("stays" in line.text for line in told), (told, self.model.tale(name))

    @invariant()
    def both_say_the_same(self) -> None:
        self.agreed = False
        at = self.acts % (self.model.head + 1)
        waiting, heads, then, commits = self.store.read(lambda tx: self.told(tx, at))
        assert commits == list(range(self.model.head, 0, -1))[: len(commits)]
        for number, name in enumerate(NAMES):
            assert heads[number] == self.model.stand(name).shown, (
                heads[number],
                self.model.tale(name),
            )
            assert then[number] == self.model.stand(name, at).shown, (name, at)
        found = {(one.space, one.key): frozenset(one.candidates) for one in waiting}
        assert found == self.model.waiting(), (found, self.model.waiting())
        assert len(found) == len(waiting), "more than one conflict for a key"
        for one in waiting:
            seen = (one.candidates, self.model.stand((one.space, one.key)).shown)
            assert self.shown.setdefault((one.number, one.revision), seen) == seen
        self.agreed = True

    def told(
        self, tx: Transaction, at: int
    ) -> tuple[
        tuple[OpenConflict, ...], list[tuple[object, ...]], list[tuple[object, ...]], list[int]
    ]:
        heads = [real(tx, name, None) for name in NAMES]
        then = [real(tx, name, at) for name in NAMES]
        return open_conflicts(tx), heads, then, [one.number for one in history(tx)]

    def check_all_of_the_past(self) -> None:
        found = self.store.read(self.past)
        for name in NAMES:
            histories, stands = found[name]
            assert histories >= self.model.writing(name), name
            assert stands == [self.model.stand(name, at).shown for at in range(len(stands))], name

    def past(self, tx: Transaction) -> dict[Name, tuple[set[int], list[tuple[object, ...]]]]:
        return {
            name: (
                {one.number for one in history(tx, name[1])},
                [real(tx, name, at) for at in range(self.model.head + 1)],
            )
            for name in NAMES
        }


def typed(text: str) -> Json:
    """What a person means by it."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
