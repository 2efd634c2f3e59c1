"""The laws of docs/merging.md on generated histories."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadRequest
from core.state.operations import FileChange, Kind, Op, Operation
from core.state.rules import Merging, Rule, Rules
from core.state.values import dump
from tests.core.state.board import (
    ANN,
    Board,
    add,
    append,
    delete,
    exclude,
    include,
    job_author,
    patch,
    put,
    remove,
    text,
    write,
)

HISTORIES = settings.get_profile("histories")
RULES = Rules(
    rules=(
        Rule(keys="latest.*", rule=Merging.LATEST),
        Rule(keys="first.*", rule=Merging.FIRST),
        Rule(keys="max.*", rule=Merging.MAX),
        Rule(keys="pair.*", rule=Merging.TOGETHER),
        Rule(keys="rec.latest", rule=Merging.LATEST),
        Rule(keys="rec.sum", kind=Kind.COUNTER),
        Rule(keys="rec.tags", kind=Kind.SET),
        Rule(keys="rec.lines", kind=Kind.LOG),
    )
)
COMBINING = st.one_of(
    st.builds(
        add, st.just("count"), st.integers(-9, 9) | st.sampled_from([0.1, 0.2, 1e-9, 2.5e20])
    ),
    st.builds(append, st.just("log"), st.text("xy", min_size=1, max_size=3)),
    st.builds(include, st.just("tags"), st.sampled_from("abc")),
    st.builds(exclude, st.just("tags"), st.sampled_from("abc")),
    st.builds(put, st.just("latest.x"), st.integers(0, 3)),
    st.builds(put, st.just("first.x"), st.integers(0, 3)),
    st.builds(patch, st.just("rec"), latest=st.integers(0, 3)),
    st.builds(patch, st.just("rec"), sum=st.integers(-3, 3)),
    st.builds(patch, st.just("rec"), tags=st.lists(st.sampled_from("abc"), max_size=3)),
)
# Texts of a few lines, each changed in some of them.
TEXTS = st.lists(st.sampled_from("01"), min_size=9, max_size=9).map(
    lambda marks: "".join(f"line {n} {mark}\n" for n, mark in enumerate(marks))
)
CONTENT = st.sampled_from([b"one", b"two", b"", b"\0one", b"\0two"]) | TEXTS.map(str.encode)
ANY = st.one_of(
    COMBINING,
    st.builds(put, st.sampled_from(["value", "mixed"]), st.sampled_from(["a", "b", {"c": 1}])),
    st.builds(put, st.just("max.x"), st.integers(0, 5) | st.just("none")),
    st.builds(put, st.sampled_from(["pair.a", "pair.b"]), st.sampled_from("xyz")),
    st.builds(add, st.just("pair.n"), st.integers(1, 3)),
    st.builds(text, st.just("text"), TEXTS | st.sampled_from(["", "one"])),
    st.builds(patch, st.just("rec"), a=st.integers(0, 2) | st.none()),
    st.builds(patch, st.just("rec"), a=st.integers(0, 2), b=st.sampled_from(["x", None])),
    st.builds(patch, st.just("rec"), lines=st.sampled_from([["x"], ["x", "y"]])),
    st.builds(
        delete,
        st.sampled_from(
            ["value", "count", "log", "tags", "mixed", "latest.x", "text", "rec", "pair.a"]
        ),
    ),
    st.builds(add, st.just("mixed"), st.integers(1, 3)),
    st.builds(write, st.sampled_from(["f", "f/g", "h"]), CONTENT, executable=st.booleans()),
    st.builds(remove, st.sampled_from(["f", "f/g", "h"])),
)
KEYS = ("count", "log", "tags", "latest.x", "first.x", "rec")
Change = Operation | FileChange


def sound(changes: list[Change]) -> list[Change]:
    """Leave out what no delta may hold: kinds mixed under a key, a path twice or below another."""
    kept: list[Change] = []
    kinds: dict[str, Any] = {}
    paths: set[str] = set()
    for change in changes:
        if isinstance(change, FileChange):
            related = {"f": "f/g", "f/g": "f"}.get(change.path)
            if change.path not in paths and (related not in paths or change.content is None):
                paths.add(change.path)
                kept.append(change)
            continue
        kind = {Op.INCLUDE: "set", Op.EXCLUDE: "set"}.get(change.op, change.op.value)
        if change.op is Op.DELETE:
            kinds.pop(change.key, None)
        elif kinds.setdefault(change.key, kind) != kind:
            continue
        kept.append(change)
    return kept


def deltas(change: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Change]]:
    return st.lists(change, min_size=1, max_size=most).map(sound).filter(bool)


@st.composite
def histories(draw: st.DrawFn, change: Any = ANY) -> list[tuple[int, int, list[Change]]]:
    """Who writes (0: a person, else a job), how many commits back it began, and what."""
    length = draw(st.integers(1, 7))
    return [
        (draw(st.integers(0, 1)), draw(st.integers(0, 4)), draw(deltas(change)))
        for _ in range(length)
    ]


@contextmanager
def board(rules: Rules = RULES) -> Iterator[Board]:
    opened = Board(rules)
    try:
        yield opened
    finally:
        opened.close()


def play(on: Board, history: list[tuple[int, int, list[Change]]]) -> None:
    for number, (who, back, changes) in enumerate(history, on.head + 1):
        author = job_author(number) if who else ANN
        base = max(0, on.head - back) if who else None
        on.merge(author, *changes, base=base)


@HISTORIES
@given(
    start=st.lists(deltas(COMBINING), max_size=3),
    jobs=st.lists(st.tuples(st.integers(0, 3), deltas(COMBINING)), min_size=2, max_size=5),
    data=st.data(),
)
def test_what_combines_comes_out_the_same_whoever_finishes_first(
    start: list[list[Change]], jobs: list[tuple[int, list[Change]]], data: st.DataObject
) -> None:
    numbered = [
        (number, min(back, len(start)), changes) for number, (back, changes) in enumerate(jobs, 1)
    ]
    ends = []
    for order in (numbered, data.draw(st.permutations(numbered))):
        with board() as one:
            for changes in start:
                one.merge(ANN, *changes)
            for number, back, changes in order:
                one.job(number, *changes, base=len(start) - back)
            assert one.conflicts() == ()
            ends.append({key: one.value(key) for key in KEYS})
    assert ends[0] == ends[1]


@HISTORIES
@given(histories(), deltas(ANY), st.integers(0, 4), st.booleans())
def test_undoing_the_newest_merge_leaves_everything_as_it_was(
    history: list[tuple[int, int, list[Change]]], changes: list[Change], back: int, person: bool
) -> None:
    with board() as one:
        play(one, history)
        before = one.everything()
        base = None if person else max(0, one.head - back)
        merged = one.merge(ANN if person else job_author(99), *changes, base=base)
        one.undo(merged.commit)
        assert one.everything() == before


@HISTORIES
@given(histories(), st.data())
def test_undoing_an_undo_brings_everything_back(
    history: list[tuple[int, int, list[Change]]], data: st.DataObject
) -> None:
    with board() as one:
        play(one, history)
        before = one.everything()
        commit = data.draw(st.integers(1, one.head))
        try:
            undone = one.undo(commit)
        except BadRequest:
            assert one.everything() == before
            return
        one.undo(undone.commit)
        assert one.everything() == before


@HISTORIES
@given(
    histories(),
    st.lists(st.tuples(st.sampled_from("mmurr"), st.integers(0, 9), deltas(ANY)), max_size=6),
)
def test_what_is_kept_is_what_all_writes_that_count_fold_to(
    history: list[tuple[int, int, list[Change]]], acts: list[tuple[str, int, list[Change]]]
) -> None:
    with board() as one:
        play(one, history)
        for number, (act, which, changes) in enumerate(acts, 100):
            waiting = one.conflicts()
            with suppress(BadRequest):
                if act == "u":
                    one.undo(1 + which % one.head)
                elif act == "r" and waiting:
                    found = waiting[which % len(waiting)]
                    one.resolve(found.number, None, which % (len(found.candidates) + 1))
                else:
                    one.job(number, *changes, base=max(0, one.head - which % 4))
            assert one.folded() == one.everything()


@HISTORIES
@given(histories(), histories())
def test_a_snapshot_never_changes(
    first: list[tuple[int, int, list[Change]]], second: list[tuple[int, int, list[Change]]]
) -> None:
    keys = ("value", "mixed", "text", *KEYS)
    with board() as one:
        play(one, first)
        at = one.head
        before = [one.value(key, at) for key in keys]
        play(one, second)
        with suppress(BadRequest):
            one.undo(1)
        assert [one.value(key, at) for key in keys] == before


@HISTORIES
@given(histories(), st.integers(0, 6))
def test_merging_twice_is_merging_once(
    history: list[tuple[int, int, list[Change]]], which: int
) -> None:
    with board() as one:
        play(one, history)
        first = one.job(50, add("count", 1), put("value", "mine"), base=0)
        play(one, history[:which])
        before, head = one.everything(), one.head
        again = one.job(50, add("count", 1), put("value", "mine"), base=0)
        assert again.already
        assert (again.commit, again.receipt) == (first.commit, first.receipt)
        assert (one.everything(), one.head) == (before, head)


@HISTORIES
@given(histories())
def test_no_write_is_lost(history: list[tuple[int, int, list[Change]]]) -> None:
    with board() as one:
        play(one, history)
        waiting = {commit for found in one.conflicts() for commit in found.candidates}
        for number, (_, _, changes) in enumerate(history, 1):
            wanted = {c.key if isinstance(c, Operation) else c.path for c in changes}
            rows = one.tx.execute(
                "SELECT DISTINCT key FROM operations JOIN entries ON entries.id = entry"
                " WHERE commit_no = ?",
                (number,),
            )
            assert {key for (key,) in rows} == wanted
        assert waiting <= set(range(1, one.head + 1))


@HISTORIES
@given(histories(COMBINING))
def test_the_count_that_is_kept_is_the_count_that_is_there(
    history: list[tuple[int, int, list[Change]]],
) -> None:
    with board() as one:
        play(one, history)
        for key in ("log", "tags"):
            entry = one.entry(key)
            if entry is not None:
                assert entry.kind in (Kind.LOG, Kind.SET)
                assert isinstance(entry.value, list)
                assert entry.size == len(entry.value) == len([dump(v) for v in entry.value])


def test_a_failed_merge_leaves_no_trace() -> None:
    with board() as one:
        one.job(1, put("value", "a"))
        before, head = one.everything(), one.head
        with pytest.raises(BadRequest):
            one.job(2, put("value", "b"), put("other", 1), add("other", 2))
        assert (one.everything(), one.head) == (before, head)
        assert one.job(2, put("value", "b")).already is False
