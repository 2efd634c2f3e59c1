"""What is told of reads and changes; that the changes are found is for test_since."""

from dataclasses import replace

import pytest

from core.state.drift import MOST_NOTES, Change, drift
from core.state.operations import Json, Kind
from core.state.reads import (
    FileRead,
    FolderRead,
    KeyRead,
    Mention,
    PrefixRead,
    Read,
    SearchRead,
    Seen,
)
from core.state.standing import NOTHING, Standing
from core.state.values import dump

SEARCH = SearchRead(query="why red", source=None, upto=5, seen=())


def value(of: Json) -> Standing:
    return Standing(Kind.VALUE, dump(of))


def file(size: int, sha256: str = "0") -> Standing:
    return Standing(Kind.FILE, dump({"sha256": sha256, "size": size, "executable": False}))


TARGET = Change("entry", "deploy.target", value("staging"), value("prod"), "Ana")
NEW = Change("entry", "deploy.new", NOTHING, value(1), "Ana")
GONE = Change("entry", "deploy.old", value(["x"]), NOTHING, "job 3, asked by Ben")
LINES = Change("entry", "log", Standing(Kind.LOG, "3"), Standing(Kind.LOG, "5"), "Ana")
ELEMENTS = Change("entry", "tags", Standing(Kind.SET, "2"), Standing(Kind.SET, "2"), "Ana")
PLAN = Change("file", "docs/plan.md", file(3), file(3, "1"), "Ana")
LONGER = Change("file", "docs/a.md", file(3), file(4, "1"), "Ana")
MADE = Change("file", "docs/b.md", NOTHING, file(4), "Ana")
CUT = Change("file", "notes.md", file(4), NOTHING, "Ana")
ALL = (TARGET, NEW, GONE, LINES, ELEMENTS, PLAN, LONGER, MADE, CUT)


def key(name: str) -> KeyRead:
    return KeyRead(key=name, commit=1)


@pytest.mark.parametrize(
    ("read", "notes"),
    [
        (key("deploy.target"), ["based on `deploy.target` = staging, now prod (set by Ana)"]),
        (key("deploy.new"), ["based on there being no `deploy.new`, now 1 (set by Ana)"]),
        (
            key("deploy.old"),
            ['based on `deploy.old` = ["x"], now gone (deleted by job 3, asked by Ben)'],
        ),
        (key("log"), ["based on `log` = 3 lines, now 5 lines (set by Ana)"]),
        (key("tags"), ["based on `tags` = 2 elements, now others (set by Ana)"]),
        (key("deploy"), []),
        (key("docs/plan.md"), []),
        (
            PrefixRead(prefix="deploy.", commit=1),
            [
                "`deploy.` has 1 key more: `deploy.new`",
                'based on `deploy.old` = ["x"], now gone (deleted by job 3, asked by Ben)',
                "based on `deploy.target` = staging, now prod (set by Ana)",
            ],
        ),
        # What comes after the last key that was shown was not read.
        (PrefixRead(prefix="deploy.", commit=1, last="deploy.m"), []),
        (
            PrefixRead(prefix="deploy.", commit=1, own=("deploy.old", "deploy.target")),
            ["`deploy.` has 1 key more: `deploy.new`"],
        ),
        (PrefixRead(prefix="other", commit=1), []),
        (
            FileRead(path="docs/plan.md", commit=1),
            ["based on file `docs/plan.md`, which was changed since (by Ana)"],
        ),
        (
            FileRead(path="docs/b.md", commit=0),
            ["based on there being no file `docs/b.md`; now there is (by Ana)"],
        ),
        (
            FileRead(path="notes.md", commit=1),
            ["based on file `notes.md`, which was deleted since (by Ana)"],
        ),
        (FileRead(path="log", commit=1), []),
        (
            FolderRead(path="docs/"),
            [
                (
                    "the list of files of `docs/` has changed: 1 more (`docs/b.md`),"
                    " 1 of another size (`docs/a.md`)"
                )
            ],
        ),
        (
            FolderRead(path=""),
            [
                (
                    "the list of files of the workspace has changed: 1 more (`docs/b.md`),"
                    " 1 gone (`notes.md`), 1 of another size (`docs/a.md`)"
                )
            ],
        ),
        (FolderRead(path="doc/"), []),
        (
            Mention(path="docs/plan.md"),
            ["possibly based on file `docs/plan.md`, which was changed since (by Ana)"],
        ),
        (Mention(path="log"), []),
    ],
)
def test_each_changed_read_is_told_and_nothing_else(read: Read, notes: list[str]) -> None:
    assert list(drift([read], ALL)) == notes
    assert drift([read], []) == ()


@pytest.mark.parametrize(
    ("seen", "now", "note"),
    [
        ([], [], None),
        ([("message", "3", "a")], [("message", "3", "a")], None),
        ([], [("message", "6", "a")], "1 newer message"),
        ([], [("message", str(n), "a") for n in (6, 7, 8)], "3 newer messages"),
        # An older one that ranks higher than it did is no news.
        ([], [("message", "4", "a")], None),
        ([("state", "k", "a")], [("state", "k", "b")], "other lines in `k`"),
        ([("workspace", "f", "a")], [], "other lines in `f`"),
        # What new hits push out is as it was.
        ([("source", "ci/log", "a")], [("message", "6", "a")], "1 newer message"),
        (
            [("source", "ci/log", "a")],
            [("source", "ci/log", "b"), ("message", "6", "a")],
            "1 newer message and other lines in `ci/log`",
        ),
    ],
)
def test_a_search_is_compared_with_the_same_search_now(
    seen: list[tuple[str, str, str]], now: list[tuple[str, str, str]], note: str | None
) -> None:
    hits = [tuple(Seen(*hit) for hit in hits) for hits in (seen, now)]  # type: ignore[arg-type]
    told = drift([replace(SEARCH, seen=hits[0], now=hits[1])], ALL)
    assert told == (() if note is None else (f"the search for 'why red' would find {note} now",))


def test_a_search_that_could_not_be_made_again_tells_nothing() -> None:
    assert drift([replace(SEARCH, seen=(Seen("state", "k", "a"),))], ALL) == ()


def test_what_was_read_twice_is_told_once_and_what_is_certain_first() -> None:
    path = PLAN.key
    reads: list[Read] = [Mention(path=path), FileRead(path=path, commit=1), key("log"), key("log")]
    assert drift([*reads, PrefixRead(prefix="l", commit=1)], ALL) == (
        "based on `log` = 3 lines, now 5 lines (set by Ana)",
        "based on file `docs/plan.md`, which was changed since (by Ana)",
    )


def test_the_notes_are_bounded_in_number_and_length() -> None:
    changes = [
        Change("entry", f"{n:03} {'k' * 9000}", value("a" * 9000), value("b" * 9000), "Ana")
        for n in range(500)
    ]
    notes = drift([PrefixRead(prefix="", commit=1)], changes)
    assert len(notes) == MOST_NOTES
    assert notes[-1] == "and 481 more things that it read have changed"
    assert all(len(note) < 300 and "\n" not in note for note in notes)


@pytest.mark.parametrize(
    ("old", "told"),
    [
        ("two words", "two words"),
        ("5", '"5"'),
        ("true?", '"true?"'),
        (True, "true"),
        (None, "null"),
    ],
)
def test_a_text_cannot_be_taken_for_something_else(old: Json, told: str) -> None:
    change = Change("entry", "k", value(old), value(0), "Ana")
    assert drift([key("k")], [change]) == (f"based on `k` = {told}, now 0 (set by Ana)",)
