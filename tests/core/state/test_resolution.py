import pytest

from core.errors import BadRequest
from core.state.apply import Merged
from core.state.resolution import Stale, take
from tests.core.state.board import (
    ANN,
    Board,
    add,
    append,
    delete,
    include,
    patch,
    put,
    remove,
    write,
)


@pytest.fixture
def open_board(board: Board) -> Board:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    return board


def test_choosing_a_candidate_makes_it_the_persons_write(open_board: Board) -> None:
    done = open_board.resolve(1, 1, 1)
    assert isinstance(done, Merged)
    entry = open_board.entry("k")
    assert entry is not None
    assert (entry.value, entry.author) == ("b", "Ann")
    assert open_board.conflicts() == ()


def test_keeping_what_stands_closes_the_conflict(open_board: Board) -> None:
    done = open_board.resolve(1, 1, 0)
    assert isinstance(done, Merged)
    assert done.receipt[0].text == '`k` = "a", as before'
    assert (open_board.value("k"), open_board.conflicts()) == ("a", ())


def test_a_value_of_ones_own_closes_the_conflict(open_board: Board) -> None:
    open_board.resolve(1, 1, "neither")
    assert (open_board.value("k"), open_board.conflicts()) == ("neither", ())


def test_a_click_on_an_old_revision_does_nothing_and_shows_the_current_one(
    open_board: Board,
) -> None:
    open_board.job(3, put("k", "c"), base=0)
    before = open_board.everything()
    done = open_board.resolve(1, 1, 1)
    assert isinstance(done, Stale)
    assert done.conflict is not None
    assert (done.conflict.revision, len(done.conflict.candidates)) == (2, 2)
    assert open_board.everything() == before


def test_a_click_on_a_closed_conflict_does_nothing(open_board: Board) -> None:
    open_board.resolve(1, 1, 1)
    assert open_board.resolve(1, 1, 0) == Stale(conflict=None)
    assert open_board.value("k") == "b"


def test_a_command_without_a_revision_takes_the_current_one(open_board: Board) -> None:
    open_board.job(3, put("k", "c"), base=0)
    open_board.resolve(1, None, 2)
    assert open_board.value("k") == "c"


def test_a_choice_that_is_none_is_refused(open_board: Board) -> None:
    for choice in (-1, 2):
        with pytest.raises(BadRequest, match="choices 0 to 1"):
            open_board.resolve(1, 1, choice)


def test_a_job_that_was_running_does_not_open_the_settled_question_again(
    open_board: Board,
) -> None:
    open_board.resolve(1, 1, 0)
    late = open_board.job(3, put("k", "b"), base=0)
    assert (late.conflicts, open_board.value("k")) == ((), "a")


def test_taking_a_delete_deletes(board: Board) -> None:
    board.job(1, add("n", 1))
    board.job(2, add("n", 1))
    board.job(3, delete("n"), base=1)
    board.resolve(1, 1, 1)
    assert board.entry("n") is None


def test_taking_a_change_of_what_was_deleted_brings_it_back_changed(board: Board) -> None:
    board.job(1, add("n", 5), append("log", "a"), include("tags", "x"))
    board.job(2, delete("n"), delete("log"), delete("tags"))
    board.job(3, add("n", 1), append("log", "b"), include("tags", "y"), base=1)
    for found in board.conflicts():
        board.resolve(found.number, found.revision, 1)
    assert (board.value("n"), board.value("log")) == (6, ["a", "b"])
    assert (board.value("tags"), board.conflicts()) == (["x", "y"], ())


def test_keeping_a_deleted_counter_keeps_it_deleted(board: Board) -> None:
    board.job(1, add("n", 5))
    board.job(2, delete("n"))
    board.job(3, add("n", 1), base=1)
    board.resolve(1, 1, 0)
    assert (board.entry("n"), board.conflicts()) == (None, ())


def test_taking_another_kind_replaces_the_kind(board: Board) -> None:
    board.job(1, add("k", 1))
    board.job(2, append("k", ["a", "b"]), base=0)
    board.resolve(1, 1, 1)
    assert board.value("k") == ["a", "b"]


def test_taking_a_files_other_version_takes_its_content_and_bit(board: Board) -> None:
    board.job(1, write("f", b"one"))
    board.job(2, write("f", b"two", executable=True), base=0)
    board.resolve(1, 1, 1)
    assert (board.file("f"), board.conflicts()) == (b"two", ())


def test_taking_a_field_keeps_the_fields_that_landed_in_a_record_begun_anew(board: Board) -> None:
    board.job(1, put("r", "v"))
    board.job(2, patch("r", f=1))
    board.job(3, delete("r"))
    board.resolve(1, None, 1)
    done = board.job(4, patch("r", f=2, g=3), base=3)
    assert board.value("r") == {"f": 1, "g": 3}
    assert done.commit is not None
    take(board.tx, "r", done.commit, ANN, 9.0, "press:9")
    assert board.value("r") == {"f": 2, "g": 3}


def test_a_file_or_log_that_a_person_keeps_is_not_deleted_by_who_did_not_know(board: Board) -> None:
    board.job(1, write("f", b"one"), append("log", "line"))
    board.job(2, write("f", b"two"), put("log", "none"), base=0)
    board.resolve(1, 1, 0)
    board.resolve(2, 1, 0)
    done = board.job(3, remove("f"), delete("log"), base=2)
    assert (board.file("f"), board.value("log")) == (b"one", ["line"])
    assert board.conflicts() == ()
    assert [line.take for line in done.receipt] == [done.commit] * 2


def test_a_file_cannot_be_typed(board: Board) -> None:
    board.job(1, write("f", b"one"))
    board.job(2, write("f", b"two"), base=0)
    with pytest.raises(BadRequest, match="is a file"):
        board.resolve(1, 1, "text")


def test_a_blocked_file_is_taken_when_nothing_is_in_its_way_any_more(board: Board) -> None:
    board.job(1, write("a/b", b"x"))
    board.job(2, write("a", b"y"), base=0)
    with pytest.raises(BadRequest, match="a cannot stand beside a/b"):
        board.resolve(1, 1, 1)
    board.job(3, remove("a/b"))
    board.resolve(1, 1, 1)
    assert board.file("a") == b"y"


def test_an_outranked_write_can_be_taken(board: Board) -> None:
    board.set("k", "mine")
    lost = board.job(1, put("k", "theirs"), base=0)
    assert lost.commit is not None
    taken = take(board.tx, "k", lost.commit, ANN, 1.0, "press:take")
    assert (board.value("k"), taken.receipt[0].text) == ("theirs", '`k` "mine" → "theirs"')
    with pytest.raises(BadRequest, match="no write of `k` that lost"):
        take(board.tx, "k", taken.commit or 0, ANN, 1.0, "press:again")
