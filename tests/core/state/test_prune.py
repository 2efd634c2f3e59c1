"""Whatever is pruned, all that can still be asked for is as it was."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.state.history import commit_info
from core.state.kept import check_readable, floor
from core.state.prune import Horizon, horizon, list_step, prune_step, raise_floor
from core.state.rules import Merging, Rule, Rules
from tests.core.state import test_laws as laws
from tests.core.state.board import Board, add, append, delete, include, patch, put, text, write
from tests.core.state.pruning import number_times, prune_all, prune_partly, standing
from tests.core.state.test_laws import HISTORIES, Change, board, deltas, histories, play

Acts = list[tuple[str, int, list[Change]]]


def act(on: Board, acts: Acts, oldest: int) -> None:
    """Undo, resolve and merge, nothing of it based on what is older than `oldest`."""
    for number, (what, which, changes) in enumerate(acts, on.head + 100):
        waiting = on.conflicts()
        with suppress(BadRequest):
            if what == "u":
                on.undo(oldest + 1 + which % max(1, on.head - oldest))
            elif what == "r" and waiting:
                found = waiting[which % len(waiting)]
                on.resolve(found.number, None, which % (len(found.candidates) + 1))
            else:
                on.job(number, *changes, base=max(oldest, on.head - which % 4))
    number_times(on.tx)


RULES = Rules(
    rules=(
        *laws.RULES.rules,
        Rule(keys="pair.*", rule=Merging.TOGETHER),
        Rule(keys="most", rule=Merging.MAX),
        Rule(keys="record.n", rule=Merging.LATEST),
    )
)
LINES = st.lists(st.sampled_from(["one", "two", "three"]), min_size=1, max_size=4).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)
ANY = st.one_of(
    laws.ANY,
    st.builds(put, st.sampled_from(["pair.a", "pair.b", "most"]), st.integers(0, 3)),
    st.dictionaries(st.sampled_from("nab"), st.integers(0, 2), min_size=1).map(
        lambda fields: patch("record", **fields)
    ),
    st.builds(text, st.just("doc"), LINES),
    st.builds(write, st.just("t"), LINES.map(str.encode)),
)
ACTS = st.lists(st.tuples(st.sampled_from("mmuur"), st.integers(0, 9), deltas(ANY)), max_size=5)


@HISTORIES
@given(histories(ANY), ACTS, st.integers(0, 9), ACTS, st.integers(0, 9), ACTS)
def test_pruning_changes_nothing_that_can_be_asked_for(
    history: list[tuple[int, int, list[Change]]],
    first: Acts,
    at: int,
    second: Acts,
    later: int,
    third: Acts,
) -> None:
    with board(RULES) as whole, board(RULES) as pruned:
        for one in (whole, pruned):
            play(one, history)
            act(one, first, 0)
        oldest = prune_all(pruned.tx, at + 0.5)
        for acts, before in ((second, later), (third, 0)):
            for one in (whole, pruned):
                act(one, acts, oldest)
            assert pruned.head == whole.head
            oldest = prune_all(pruned.tx, max(at, before) + 0.5)
        for commit in range(oldest, whole.head + 1):
            assert standing(pruned.tx, commit, oldest) == standing(whole.tx, commit, oldest)
        assert pruned.folded() == pruned.everything()


@HISTORIES
@given(histories(ANY), ACTS, st.integers(0, 9), st.data())
def test_an_undo_of_what_is_kept_does_what_it_did_before(
    history: list[tuple[int, int, list[Change]]], acts: Acts, at: int, data: st.DataObject
) -> None:
    with board(RULES) as whole, board(RULES) as pruned:
        for one in (whole, pruned):
            play(one, history)
            act(one, acts, 0)
        oldest = prune_all(pruned.tx, at + 0.5)
        commit = data.draw(st.integers(1, whole.head))
        if commit <= oldest:
            with pytest.raises(BadRequest, match="keep_days"):
                pruned.undo(commit)
            return
        ends = []
        for one in (whole, pruned):
            try:
                one.undo(commit)
                ends.append("")
            except BadRequest as error:
                ends.append(str(error))
        assert ends[0] == ends[1]
        head = whole.head
        assert standing(pruned.tx, head, oldest) == standing(whole.tx, head, oldest)


@HISTORIES
@given(histories(ANY), ACTS, st.integers(0, 9), st.integers(0, 60), ACTS)
def test_a_kill_between_two_steps_leaves_everything_as_it_was(
    history: list[tuple[int, int, list[Change]]], acts: Acts, at: int, steps: int, later: Acts
) -> None:
    with board(RULES) as whole, board(RULES) as pruned:
        for one in (whole, pruned):
            play(one, history)
            act(one, acts, 0)
        oldest = prune_partly(pruned.tx, at + 0.5, steps)
        for one in (whole, pruned):
            act(one, later, oldest)
        for commit in range(oldest, whole.head + 1):
            assert standing(pruned.tx, commit, oldest) == standing(whole.tx, commit, oldest)
        assert pruned.folded() == pruned.everything()


def rows(one: Board, table: str) -> int:
    (count,) = one.tx.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def test_old_versions_operations_and_contents_go(board: Board) -> None:
    for number in range(1, 21):
        board.job(
            number, put("k", number), add("n", 1), append("log", number), include("tags", number),
            write("f", b"%d" % number),
        )  # fmt: skip
    board.job(21, delete("tags"), delete("log"))
    number_times(board.tx)
    assert prune_all(board.tx, 99.0) == 21
    assert (rows(board, "operations"), rows(board, "lines"), rows(board, "stamps")) == (0, 0, 0)
    assert (rows(board, "versions"), rows(board, "blobs"), rows(board, "to_prune")) == (3, 1, 0)
    assert (board.value("k"), board.value("n"), board.file("f")) == (20, 20, b"20")
    assert (board.value("tags"), board.value("log")) == (None, None)
    info = commit_info(board.tx, 3)
    assert info is not None
    assert (str(info.author), info.receipt) == ("job 3, asked by Ann", ())


def test_what_an_open_conflict_needs_stays(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    number_times(board.tx)
    assert prune_all(board.tx, 99.0) == 2
    (found,) = board.conflicts()
    board.resolve(found.number, found.revision, 1)
    assert board.value("k") == "b"
    number_times(board.tx)
    prune_all(board.tx, 99.0)
    assert rows(board, "operations") == 0
    assert board.value("k") == "b"


def test_an_undo_that_is_kept_can_itself_be_undone_however_old_what_it_undid_is(
    board: Board,
) -> None:
    board.job(1, add("n", 1))
    board.job(2, add("n", 10))
    board.undo(1)
    number_times(board.tx)
    assert prune_all(board.tx, 2.5) == 2
    board.undo(3)
    assert board.value("n") == 11


def test_keys_that_are_decided_together_wait_for_each_other() -> None:
    with board(RULES) as one:
        one.job(1, put("pair.a", 1))
        one.job(2, put("pair.a", 2), put("pair.b", 5), base=0)
        (found,) = one.conflicts()
        one.resolve(found.number, found.revision, 0)
        one.undo(1)
        before = one.value("pair.b")
        number_times(one.tx)
        assert prune_all(one.tx, 3.5) == 3
        later = one.job(5, put("pair.a", 9), put("other", 1))
        one.undo(later.commit)
        assert one.value("pair.b") == before
        assert one.folded() == one.everything()


def test_what_somebody_works_on_keeps_the_floor_down(board: Board) -> None:
    for number in range(1, 6):
        board.job(number, put("k", number))
    number_times(board.tx)
    assert horizon(board.tx, 99.0, [2]) == Horizon(floor=2, head=5)
    found = horizon(board.tx, 99.0)
    assert not raise_floor(board.tx, found, [2])
    assert floor(board.tx) == 0
    assert raise_floor(board.tx, found, [5])
    assert floor(board.tx) == 5


def test_a_write_that_came_after_the_look_keeps_what_its_author_saw(board: Board) -> None:
    for number in range(1, 4):
        board.job(number, put("k", number))
    found = horizon(board.tx, 99.0)
    board.job(4, add("n", 1), base=1)
    assert not raise_floor(board.tx, found)
    assert floor(board.tx) == 0


def test_a_late_end_keeps_the_state_its_job_began_with(board: Board) -> None:
    for number in range(1, 5):
        board.job(number, put("k", number))
    board.job(5, put("k", "late"), base=1)
    number_times(board.tx)
    assert horizon(board.tx, 4.5).floor == 1


def test_a_state_below_the_floor_is_refused_with_the_reason(board: Board) -> None:
    for number in range(1, 4):
        board.job(number, put("k", number))
    number_times(board.tx)
    prune_all(board.tx, 2.5)
    check_readable(board.tx, 2)
    with pytest.raises(BadRequest, match="keep_days"):
        check_readable(board.tx, 1)


def test_a_large_commit_is_listed_and_pruned_in_steps_of_bounded_size(board: Board) -> None:
    board.job(1, *(put(f"k{n}", 1) for n in range(1000)), append("log", list(range(1000))))
    board.job(2, *(put(f"k{n}", 2) for n in range(1000)), delete("log"))
    number_times(board.tx)
    assert raise_floor(board.tx, horizon(board.tx, 99.0))
    steps, place = 0, 0
    while list_step(board.tx):
        steps += 1
    while True:
        before = board.tx.total_changes
        after = prune_step(board.tx, place)
        if after is None:
            break
        assert board.tx.total_changes - before < 2000
        place, steps = after, steps + 1
    assert steps > 10
    assert (rows(board, "operations"), rows(board, "versions"), rows(board, "lines")) == (
        0,
        1000,
        0,
    )
