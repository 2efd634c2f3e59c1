import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.state.text_git import Change, changes, merged
from tests.core.state.git import Triple, merge_file
from tests.core.state.texts import ROOT

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"\0\n", b"\xff\r\n"]), max_size=15)


@given(LINES, LINES)
def test_changes_make_the_new_text_of_the_old(old: list[bytes], new: list[bytes]) -> None:
    made: list[bytes] = []
    at = 0
    for change in changes(old, new):
        assert change.at >= at + bool(made), "a line both have is between two changes"
        made += old[at : change.at]
        assert len(made) == change.new_at
        made += new[change.new_at : change.new_at + change.added]
        at = change.at + change.removed
    assert made + old[at:] == new


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [], ()),
        ([b"a\n"], [b"a\n"], ()),
        ([], [b"a"], (Change(0, 0, 0, 1),)),
        ([b"a"], [], (Change(0, 1, 0, 0),)),
        ([b"a"], [b"a\n"], (Change(0, 1, 0, 1),)),
        ([b"a\n", b"c\n"], [b"a\n", b"b\n", b"c\n"], (Change(1, 0, 1, 1),)),
        ([b"a\n", b"b\n", b"c\n"], [b"a\n", b"c\n"], (Change(1, 1, 1, 0),)),
        ([b"a\n", b"b\n", b"c\n"], [b"x\n", b"b\n"], (Change(0, 1, 0, 1), Change(2, 1, 2, 0))),
    ],
)
def test_a_change_names_its_lines_from_0(
    old: list[bytes], new: list[bytes], expected: tuple[Change, ...]
) -> None:
    assert changes(old, new) == expected


def test_texts_are_merged_or_not() -> None:
    assert merged(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC") == b"A\nb\nC"
    assert merged(b"a\n", b"", b"") == b""
    assert merged(b"a\n", b"b\n", b"c\n") is None
    assert merged(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\n\0\n") is None


def _letters(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [chance.choice([b"a\n", b"b\n"]) for _ in range(40_000)]


@pytest.mark.parametrize(
    "work",
    [
        lambda texts: merged(*map(b"".join, texts)),
        lambda texts: changes(texts[0], texts[1]),
    ],
    ids=["merging", "comparing"],
)
def test_other_threads_run_while_libgit2_works(work: Callable[[list[list[bytes]]], object]) -> None:
    """Nobody takes the interpreter from a thread here, so it goes on only if it is let go of."""
    texts = [_letters(seed) for seed in range(3)]
    changes([], [])  # what is loaded only once lets go of it, too
    ended = threading.Event()

    def run() -> None:
        work(texts)
        ended.set()

    worker = threading.Thread(target=run)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        worker.start()
        assert not ended.is_set()
    finally:
        sys.setswitchinterval(before)
        worker.join()
    assert ended.is_set()


ASIDE = """
import sys
from core.state.text import Clean, merge_text
def mapped():
    with open("/proc/self/maps") as maps:
        return any("libgit2" in line for line in maps)
assert not mapped(), "loaded before it is needed"
merge = merge_text(b"a\\nb\\nc\\n", b"x\\nb\\nc\\n", b"a\\nb\\ny\\n")
assert merge == Clean(content=b"x\\nb\\ny\\n")
assert mapped()
assert "pygit2" not in sys.modules, "it costs more than all of libgit2"
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what is loaded is not told here")
def test_nothing_is_loaded_before_it_is_needed_and_no_ones_configuration_is_read(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[merge\nnot a configuration\n")
    subprocess.run(
        [sys.executable, "-c", ASIDE],
        cwd=home, env={"HOME": str(home), "PYTHONPATH": str(ROOT)}, timeout=60, check=True,
    )  # fmt: skip
    assert [path.name for path in tmp_path.rglob("*")] == ["home", ".gitconfig"]


@pytest.mark.needs_system("git")
def test_10_000_lines_changed_all_over_merge_as_in_git() -> None:
    chance = random.Random(4)
    base = [b"%d\n" % chance.randrange(2000) for _ in range(10_000)]
    sides = [list(base), list(base)]
    for n in range(0, len(base), 40):
        sides[n // 40 % 2][n] = b"changed %d\n" % n
    triple = Triple(*(b"".join(text) for text in (base, *sides)))
    judged = merge_file(triple)
    assert judged.clean
    assert merged(*triple) == judged.content
