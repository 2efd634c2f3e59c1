"""What generated jobs and people want: sound deltas of every kind. Merges nothing."""

from hypothesis import strategies as st

from core.state.operations import FileChange, Json, Op, Operation
from core.state.rules import Merging
from tests.core.state.board import add, append, delete, exclude, include, put, remove, write
from tests.core.state.reference.model import Change

RULED = {
    "latest": Merging.LATEST,
    "first": Merging.FIRST,
    "max": Merging.MAX,
    "min": Merging.MIN,
}
KEYS = ("count", "tags", "log", "value", "record", "mixed", *RULED)
PATHS = ("a", "a/b", "c")
LINES = [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"]
CONTENTS = (
    b"one",
    b"\0\xff",
    b"",
    *(b"\r\n".join([first, *LINES[1:8], last]) for first in (b"1", b"x") for last in (b"9", b"y")),
)
ELEMENTS = st.sampled_from("xyz")
VALUES = st.sampled_from(["v", "w", {"f": 1}, None])
NUMBERS = st.integers(-3, 9).filter(bool) | st.sampled_from([0.1, 0.2])

FIELD_VALUES: st.SearchStrategy[Json] = st.sampled_from([1, "t", [1], None])
FIELDS = st.dictionaries(st.sampled_from("fgh"), FIELD_VALUES, min_size=1, max_size=3)


def patch(key: str, fields: dict[str, Json]) -> Operation:
    return Operation(key=key, op=Op.PATCH, argument=fields)


ENTRIES: st.SearchStrategy[Operation] = st.one_of(
    st.builds(add, st.sampled_from(["count", "mixed"]), NUMBERS),
    st.builds(append, st.sampled_from(["log", "mixed"]), st.sampled_from(["l1", "l2", ["m", "n"]])),
    st.builds(include, st.sampled_from(["tags", "mixed"]), ELEMENTS),
    st.builds(exclude, st.just("tags"), ELEMENTS),
    st.builds(put, st.sampled_from(["value", "mixed", "latest", "first"]), VALUES),
    st.builds(patch, st.sampled_from(["record", "record", "mixed"]), FIELDS),
    st.builds(put, st.sampled_from(["max", "min"]), st.sampled_from([1, 2, 3, "v"])),
    st.builds(delete, st.sampled_from(KEYS)),
)
FILES: st.SearchStrategy[FileChange] = st.one_of(
    st.builds(write, st.sampled_from(PATHS), st.sampled_from(CONTENTS), executable=st.booleans()),
    st.builds(remove, st.sampled_from(PATHS)),
)


def sound(changes: list[Change]) -> list[Change]:
    """Leave out what no delta may hold: kinds mixed under a key, a path twice or below another.

    A key with a rule is deleted or put, not both: the page leaves open what that is.
    """
    kept: list[Change] = []
    kinds: dict[str, str] = {}
    deleted: set[str] = set()
    paths: dict[str, bool] = {}
    for change in changes:
        if isinstance(change, FileChange):
            near = {"a": "a/b", "a/b": "a"}.get(change.path, "")
            if change.path in paths or (change.content is not None and paths.get(near)):
                continue
            paths[change.path] = change.content is not None
        elif change.op is Op.DELETE:
            if change.key in RULED and change.key in kinds:
                continue
            kinds.pop(change.key, None)
            deleted.add(change.key)
        elif change.key in RULED and change.key in deleted:
            continue
        else:
            kind = "set" if change.op in (Op.INCLUDE, Op.EXCLUDE) else change.op.value
            if kinds.setdefault(change.key, kind) != kind:
                continue
        kept.append(change)
    return kept


def deltas(change: st.SearchStrategy[Change], most: int = 4) -> st.SearchStrategy[list[Change]]:
    return st.lists(change, min_size=1, max_size=most).map(sound)


ANY = deltas(st.one_of(ENTRIES, ENTRIES, FILES))
